"""What an action changes, as a key that one action holds for a while: it happens once."""

from collections.abc import Mapping
from hashlib import sha256

from services.decider.domain.actions import ActionSpec
from services.decider.domain.case import CaseView
from services.decider.domain.ruling import Target

# The wire's bound; a longer key ends in the hash of the whole.
_MAX_KEY = 500


def effect_key(
    spec: ActionSpec, view: CaseView, target: Target, parameters: Mapping[str, object]
) -> str | None:
    """`tenant|type|kind:id` and the parameters that make it another effect; None if one misses."""
    kind, name = (
        (target.kind, target.id) if spec.effect.of_target else (view.subject_kind, view.subject_id)
    )
    changed = [parameters.get(each) for each in spec.effect.parameters]
    if None in changed:
        return None
    return key_of(view.tenant, spec.type, f"{kind}:{name}", *(_said(each) for each in changed))


def key_of(*parts: str) -> str:
    """One string for a list of them: no two lists give the same, none is too long."""
    whole = "|".join(part.replace("%", "%25").replace("|", "%7C") for part in parts)
    if len(whole) <= _MAX_KEY:
        return whole
    digest = sha256(whole.encode()).hexdigest()
    return f"{whole[: _MAX_KEY - len(digest) - 1]}~{digest}"


def _said(value: object) -> str:
    return ",".join(sorted(map(str, value))) if isinstance(value, list) else str(value)
