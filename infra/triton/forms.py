"""Which runtime and precision serve the encoder best on this CPU, by its features.

Measured: with VNNI or AMX OpenVINO's static INT8 in groups of equal length is a third faster than
onnxruntime's dynamic INT8; with neither it is slower than float32.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from infra.triton.settings import Form

# What can change the choice, or the bits that a runtime computes.
_RELEVANT = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
    "asimddp",
    "i8mm",
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A form and why; both travel with the model."""

    form: Form
    reason: str
    cpu_features: tuple[str, ...]


def choose(cpu_features: Iterable[str], forced: Form | None = None) -> Choice:
    """The form for a CPU that can do this."""
    found = set(cpu_features)
    features = tuple(name for name in _RELEVANT if name in found)
    if forced is not None:
        return Choice(forced, "forced by SLUICE_MODELS_FORM or --form", features)
    if "amx_int8" in found:
        return Choice("ov-int8", "the CPU has AMX for 8-bit integers", features)
    if found & {"avx512_vnni", "avx_vnni"}:
        return Choice("ov-int8", "the CPU has VNNI", features)
    return Choice("ort-int8", "the CPU has neither AMX nor VNNI", features)


def cpu_features(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """The flags of the first CPU; none where the file has no such line."""
    for line in cpuinfo.read_text().splitlines():
        name, _, values = line.partition(":")
        if name.strip() in {"flags", "Features"}:
            return frozenset(values.split())
    return frozenset()
