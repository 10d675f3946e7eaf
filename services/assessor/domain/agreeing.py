"""Whether the models that are served belong together, and to the label packs configured."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.assessor.domain.asking import Task


@dataclass(frozen=True, slots=True)
class PackId:
    """A label pack: its name and version, e.g. "retail:1", and the sha256 of its meaning."""

    name: str
    digest: str


def disagreements(
    configured: Mapping[Task, PackId], served: Mapping[Task, PackId | None]
) -> list[str]:
    """One line per task whose head was made from another pack than the configured one."""
    lines = []
    for task, pack in configured.items():
        head = served.get(task)
        if head != pack:
            made_of = f"{head.name} ({head.digest[:12]})" if head else "no pack"
            lines.append(
                f"{task}: the served head was made from {made_of}, configured is "
                f"{pack.name} ({pack.digest[:12]}): run `sluice models build`"
            )
    return lines


def misfits(encoder: str, fitted: Mapping[Task, str | None]) -> list[str]:
    """One line per head that was fitted to another encoder than the one served beside it.

    Its labels would be noise, with high confidence. A head that was fitted to none has None.
    """
    return [
        f"{task}: the served head was fitted to encoder {digest[:12]}, served is "
        f"{encoder[:12]}: run `sluice models build`"
        for task, digest in fitted.items()
        if digest is not None and digest != encoder
    ]
