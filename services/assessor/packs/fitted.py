"""A head that was fitted to a labelled file, as it lies beside its pack."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.assessor.packs.pack import Pack
from services.chassis import documents
from services.chassis.errors import ConfigurationError

_Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_REMEDY = "run `sluice packs fit` again"


class FittedHead(BaseModel):
    """What NAME.head.yaml says of NAME.head.npz: what it is, from what, and how good."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pack: str
    pack_digest: _Digest
    sha256: _Digest
    encoder: Mapping[str, str] = Field(description="The encoder's identity; `digest` must match.")
    data: str = Field(description="Name of the labelled file that it was fitted to.")
    data_sha256: _Digest
    licence: str
    rows: int = Field(ge=1)
    settings: Mapping[str, float]
    # On texts that were left out of a fit, never on those of a test set.
    held_out: Mapping[str, float]


def description(pack_file: Path) -> Path:
    """Where the head of a pack is described."""
    return pack_file.with_name(f"{pack_file.stem}.head.yaml")


def weights(pack_file: Path) -> Path:
    """Where the head of a pack is."""
    return pack_file.with_name(f"{pack_file.stem}.head.npz")


def read(pack_file: Path, pack: Pack) -> FittedHead | None:
    """The head beside a pack, None where there is none.

    Raises:
        ConfigurationError: it is not the one that was made, or was made for other labels.
    """
    place, file = description(pack_file), weights(pack_file)
    if not place.exists():
        return None
    head = documents.load(place, FittedHead)
    if not file.is_file():
        raise ConfigurationError(f"{file} is missing: {_REMEDY}")
    if hashlib.sha256(file.read_bytes()).hexdigest() != head.sha256:
        raise ConfigurationError(f"{file} is not the file that {place.name} describes: {_REMEDY}")
    if head.pack_digest != pack.digest:
        raise ConfigurationError(
            f"{place}: pack_digest: the head was fitted to other labels than those of "
            f"{pack_file.name}: {_REMEDY}, or take the edit back"
        )
    return head


def spec(pack_file: Path, head: FittedHead) -> dict[str, Any]:
    """What the build needs of it, as plain JSON."""
    return {
        "file": str(weights(pack_file)),
        "sha256": head.sha256,
        "encoder_digest": head.encoder["digest"],
        "data": head.data,
        "licence": head.licence,
        "held_out": dict(head.held_out),
    }
