"""Policies as operations people write them: read, checked and tested before anything starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.chassis.errors import ConfigurationError
from services.decider.domain.macros import Macro
from services.decider.domain.policy import Policy
from services.decider.policies.compiling import DOMAINS, compile_file
from services.decider.policies.macros import load_macros
from services.decider.policies.testing import Run

SHIPPED = Path(__file__).parent
SHIPPED_MACROS = SHIPPED.parent / "macros"


@dataclass(frozen=True, slots=True)
class Checked:
    """A policy that loads, and how each of its tests went."""

    file: Path
    policy: Policy
    runs: tuple[Run, ...]


def load_policies(folder: Path, macros: Path = SHIPPED_MACROS) -> Mapping[str, Policy]:
    """One policy per domain, by domain: every one is loaded and passes its own tests.

    Raises:
        ConfigurationError: all that is wrong with all files, `file:line: field: what`, a line each.
    """
    checked = {each.policy.domain: each.policy for each in check_policies(folder, macros)}
    for domain in DOMAINS:
        if domain not in checked:
            raise ConfigurationError(
                f"{folder}: no policy for domain {domain}; add a file with `domain: {domain}`"
            )
    return checked


def check_policies(place: Path, macros: Path = SHIPPED_MACROS) -> list[Checked]:
    """Check one file, or all of a folder; the same errors, but one domain will do."""
    files = [place] if place.is_file() else sorted(place.glob("*.yaml"))
    if not files:
        raise ConfigurationError(f"{place}: no policy file (*.yaml) there; name a file or a folder")
    approved, wrong = _macros(macros)
    checked: dict[str, Checked] = {}
    for file in files:
        policy, runs, problems = compile_file(file, approved)
        wrong += problems
        if policy is None:
            continue
        if policy.domain in checked:
            other = checked[policy.domain].file
            wrong.append(f"{file}:1: domain: {policy.domain} has a policy in {other}; remove one")
        checked[policy.domain] = Checked(file, policy, runs)
    if wrong:
        raise ConfigurationError("\n".join(wrong))
    return list(checked.values())


def _macros(folder: Path) -> tuple[Mapping[str, Macro], list[str]]:
    if not folder.is_dir():
        raise ConfigurationError(
            f"{folder}: no such folder of macros; set SLUICE_DECIDER_MACROS, or make it"
        )
    return load_macros(folder)
