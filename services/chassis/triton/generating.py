"""A model that writes: chat messages and a JSON Schema in, one bound answer out."""

import asyncio
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tritonclient.grpc import service_pb2

from services.chassis.triton.client import TritonClient
from services.chassis.triton.faults import Fault, Kind
from services.chassis.triton.usage import identity
from services.chassis.triton.wire import packed

# A thousand tokens of prompt take ten seconds of one slow core before the first piece comes.
SILENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One message; content is only ever text, whatever it says."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked: the answer is JSON of that schema, cut off where it is too long."""

    turns: Sequence[Turn]
    schema: Mapping[str, object]
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Written:
    """The answer, which bits gave it, and what it cost."""

    text: str
    whole: bool
    model: Mapping[str, str]
    tokens: int
    compute_us: int


class GenerativeModel:
    """One decoupled model of the server."""

    def __init__(
        self, client: TritonClient, name: str = "writer", *, silence_s: float = SILENCE_S
    ) -> None:
        self._client = client
        self.name = name
        self._silence_s = silence_s

    async def served(self) -> bool:
        """Whether there is such a model; raises `Fault` when the server does not answer."""
        return await self._client.serves(self.name)

    async def write(self, prompt: Prompt, *, deadline_s: float, traceparent: str) -> Written:
        """The whole answer, or none; what is not awaited any more is not written any further.

        Raises:
            Fault: LOST also when the deadline passes first.
        """
        pieces: list[str] = []
        last: dict[str, bytes] = {}
        try:
            async with asyncio.timeout(deadline_s):
                stream = self._client.stream(
                    _request(self.name, prompt), silence_s=self._silence_s, traceparent=traceparent
                )
                async for reply in stream:
                    found = _tensors(reply)
                    pieces.append(_string(self.name, found, "TEXT"))
                    if "FINISH" in found:
                        last = found
        except TimeoutError:
            raise Fault(Kind.LOST, f"{self.name}: not done within {deadline_s:.0f} s") from None
        if not last:
            raise Fault(Kind.LOST, f"{self.name}: the answer has no end")
        return Written(
            text="".join(pieces),
            whole=_string(self.name, last, "FINISH") == "stop",
            model=identity(_string(self.name, last, "MODEL").encode()),
            tokens=_number(self.name, last, "TOKENS"),
            compute_us=_number(self.name, last, "COMPUTE_US"),
        )


def _request(model: str, prompt: Prompt) -> service_pb2.ModelInferRequest:
    turns = [{"role": turn.role, "content": turn.content} for turn in prompt.turns]
    tensor = service_pb2.ModelInferRequest.InferInputTensor
    return service_pb2.ModelInferRequest(
        model_name=model,
        inputs=[
            tensor(name="MESSAGES", datatype="BYTES", shape=[1]),
            tensor(name="SCHEMA", datatype="BYTES", shape=[1]),
            tensor(name="MAX_TOKENS", datatype="INT32", shape=[1]),
        ],
        raw_input_contents=[
            packed([json.dumps(turns).encode()]),
            packed([json.dumps(prompt.schema).encode()]),
            struct.pack("<i", prompt.max_tokens),
        ],
    )


def _tensors(reply: service_pb2.ModelInferResponse) -> dict[str, bytes]:
    return {
        tensor.name: raw
        for tensor, raw in zip(reply.outputs, reply.raw_output_contents, strict=False)
    }


def _string(model: str, tensors: Mapping[str, bytes], name: str) -> str:
    """One value of BYTES: Triton may answer OK without it."""
    raw = tensors.get(name, b"")
    try:
        (length,) = struct.unpack_from("<I", raw)
        (text,) = struct.unpack(f"{length}s", raw[4:])
        return str(text, "utf-8")
    except (struct.error, ValueError) as error:
        raise Fault(Kind.REFUSED, f"{model}: output {name} is missing or malformed") from error


def _number(model: str, tensors: Mapping[str, bytes], name: str) -> int:
    try:
        (value,) = struct.unpack("<i", tensors.get(name, b""))
    except struct.error as error:
        raise Fault(Kind.REFUSED, f"{model}: output {name} is missing or malformed") from error
    return int(value)
