"""A real Triton that also writes, for the tests of what is written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local.triton import TritonPart
from infra.triton import writers
from infra.triton.errors import ModelsError
from infra.triton.settings import ModelsSettings
from tests.triton import started

WRITER = "qwen2.5-coder-0.5b"


def built(made: writers.WriterPlan) -> Path:
    """Its repository; skipped where nobody gives its weights."""
    try:
        return writers.build(made, print)
    except ModelsError as error:
        pytest.skip(f"the writer's weights cannot be fetched: {str(error).splitlines()[0]}")


@contextmanager
def writing_triton(folder: Path) -> Iterator[TritonPart]:
    """The writer alone, on a server of its own."""
    made = writers.plan(ModelsSettings(writer=os.environ.get("SLUICE_TEST_WRITER", WRITER)))
    assert made is not None
    with started(TritonPart(folder / "triton.log", repository=built(made))) as part:
        yield part
        part.kill()  # one whose model was killed would wait ten seconds for it before it ends
