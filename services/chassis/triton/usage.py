"""What every model of ours says about itself with each row: which bits answered, at what cost."""

import json
from collections.abc import Sequence
from functools import lru_cache

from services.chassis.names import Attr
from services.chassis.ports import Attribute
from services.chassis.triton.faults import Fault, Kind
from services.chassis.triton.wire import Output, Row

OUTPUTS = (Output("TOKENS", "INT32"), Output("COMPUTE_US", "INT32"), Output("MODEL", "BYTES"))


@lru_cache(maxsize=256)
def identity(raw: bytes) -> dict[str, str]:
    """A model's or head's identity; few distinct ones are ever seen.

    Raises:
        Fault: it is not a JSON object.
    """
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise Fault(Kind.REFUSED, "a model's identity is no JSON") from error
    if not isinstance(found, dict):
        raise Fault(Kind.REFUSED, "a model's identity is no JSON object")
    return {str(name): str(value) for name, value in found.items() if value is not None}


def describe(rows: Sequence[Row]) -> dict[str, Attribute]:
    """A request's attributes for its span."""
    model = identity(rows[0]["MODEL"][0])
    return {
        Attr.MODEL_NAME: model.get("name", ""),
        Attr.MODEL_VERSION: model.get("version", ""),
        Attr.MODEL_DIGEST: model.get("digest", ""),
        Attr.MODEL_TOKENS: sum(int(row["TOKENS"][0]) for row in rows),
        Attr.MODEL_COMPUTE_US: sum(int(row["COMPUTE_US"][0]) for row in rows),
    }
