"""KServe v2 tensors to rows and back; numbers are little-endian, BYTES carry their length."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tritonclient.grpc import service_pb2

from services.chassis.triton.faults import Fault, Kind

Scalar = bytes | float | int
Row = Mapping[str, tuple[Scalar, ...]]

_FORMAT = {"FP32": "f", "INT32": "i"}


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor we insist on: `width` values per text."""

    name: str
    datatype: Literal["BYTES", "FP32", "INT32"]
    width: int = 1


@dataclass(frozen=True, slots=True)
class Signature:
    """A model as it is called: one text in, these outputs."""

    model: str
    outputs: tuple[Output, ...]
    input: str = "TEXT"


def encode(signature: Signature, texts: Sequence[bytes]) -> service_pb2.ModelInferRequest:
    """One request for all texts."""
    return service_pb2.ModelInferRequest(
        model_name=signature.model,
        inputs=[
            service_pb2.ModelInferRequest.InferInputTensor(
                name=signature.input, datatype="BYTES", shape=[len(texts), 1]
            )
        ],
        outputs=[
            service_pb2.ModelInferRequest.InferRequestedOutputTensor(name=output.name)
            for output in signature.outputs
        ],
        raw_input_contents=[packed(texts)],
    )


def packed(texts: Sequence[bytes]) -> bytes:
    """A tensor of BYTES."""
    return b"".join(part for text in texts for part in (struct.pack("<I", len(text)), text))


def decode(signature: Signature, response: service_pb2.ModelInferResponse, count: int) -> list[Row]:
    """One row per text.

    Raises:
        Fault: an output is missing, empty or of another shape. Triton can answer OK without them.
    """
    found = {
        tensor.name: (tensor, raw)
        for tensor, raw in zip(response.outputs, response.raw_output_contents, strict=False)
    }
    columns: dict[str, list[tuple[Scalar, ...]]] = {}
    for output in signature.outputs:
        if output.name not in found:
            raise Fault(Kind.REFUSED, f"{signature.model}: output {output.name} is missing")
        tensor, raw = found[output.name]
        if tensor.datatype != output.datatype or list(tensor.shape) != [count, output.width]:
            raise Fault(
                Kind.REFUSED,
                f"{signature.model}: output {output.name} is {tensor.datatype}"
                f"{list(tensor.shape)}, not {output.datatype}[{count}, {output.width}]",
            )
        values = _values(signature, output, raw, count * output.width)
        step = output.width
        columns[output.name] = [values[at : at + step] for at in range(0, len(values), step)]
    return [{name: column[at] for name, column in columns.items()} for at in range(count)]


def _values(signature: Signature, output: Output, raw: bytes, count: int) -> tuple[Scalar, ...]:
    try:
        if output.datatype == "BYTES":
            return _strings(raw, count)
        return struct.unpack(f"<{count}{_FORMAT[output.datatype]}", raw)
    except (struct.error, IndexError) as error:
        raise Fault(
            Kind.REFUSED, f"{signature.model}: output {output.name} has the wrong length"
        ) from error


def _strings(raw: bytes, count: int) -> tuple[bytes, ...]:
    values = []
    at = 0
    for _ in range(count):
        (length,) = struct.unpack_from("<I", raw, at)
        at += 4
        if at + length > len(raw):
            raise IndexError(at)
        values.append(raw[at : at + length])
        at += length
    return tuple(values)
