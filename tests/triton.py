"""The one real Triton of a test session: a given one, or our own with the models we build."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.local.triton import TritonPart

# What the end of the run tells: which server answered.
served: list[str] = []


@dataclass(frozen=True)
class Server:
    """What tests may know of it. Who wants to break one starts a TritonPart of his own."""

    url: str


@contextmanager
def any_triton(folder: Path) -> Iterator[Server]:
    """SLUICE_TEST_TRITON_URL, or a native one; a build that fails is a failure, not a skip."""
    given = os.environ.get("SLUICE_TEST_TRITON_URL")
    if given:
        served.append(f"the given one at {given}")
        yield Server(given)
        return
    with started(TritonPart(folder / "triton.log")) as part:
        served.append("native, from the nvidia-pytriton wheel")
        yield Server(part.url)


@contextmanager
def started(part: TritonPart) -> Iterator[TritonPart]:
    """That part, ready; stopped at the end."""
    part.prepare()
    part.start()
    try:
        part.wait_ready()
        yield part
    finally:
        part.stop()
