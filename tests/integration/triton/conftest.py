"""Asking a real Triton as the services do, and one of our own to break."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from infra.local.triton import TritonPart
from services.chassis.triton import usage
from services.chassis.triton.client import TritonClient
from services.chassis.triton.settings import TritonSettings
from services.chassis.triton.wire import Output, Row, Signature
from tests.triton import started

ENCODER = Signature("encoder", (Output("EMBEDDING", "FP32", 384), *usage.OUTPUTS))


async def ask(
    url: str, *requests: Sequence[bytes], signature: Signature = ENCODER, deadline_s: float = 30
) -> list[list[Row] | BaseException]:
    """All requests at once, so that Triton batches them; an answer or an error for each."""
    async with TritonClient(TritonSettings(url=url)) as client:
        return await asyncio.gather(
            *(client.infer(signature, texts, deadline_s=deadline_s) for texts in requests),
            return_exceptions=True,
        )


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonPart]:
    """A server that these tests may break; each leaves it serving."""
    with started(TritonPart(tmp_path_factory.mktemp("own") / "triton.log")) as part:
        yield part
