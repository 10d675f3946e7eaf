"""A stand-in for Triton: a real gRPC server speaking KServe v2, answering by rule, in process."""

import asyncio
import json
import struct
from collections.abc import Callable

import grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

from services.chassis.triton.wire import Signature

DEAD_STUB = (
    "in ensemble '{0}', Failed to process the request(s) for model instance 'encoder_0_0', "
    "message: Stub process 'encoder_0_0' is not healthy."
)

# Hand-written: what the stand-in answers, by text. Contract tests expect exactly this of it.
HEADS = {
    "INTENT": (["refund_request", "delivery_status", "complaint"], [0.75, 0.125, 0.0625]),
    "SENTIMENT": (["negative", "neutral", "positive"], [0.5, 0.25, 0.25]),
    "EXCEPTION": (["delay", "shortage", "damage"], [0.75, 0.125, 0.0625]),
    "URGENCY": (["none", "soon", "now"], [0.75, 0.125, 0.0625]),
    "INJECTION": (["ordinary", "instruction"], [0.75, 0.25]),
    "LANGUAGE": (["en"], [0.875]),
}
ENCODER = {"name": "encoder", "version": "1", "digest": "e" * 64, "quantization": "int8-ptq",
           "runtime": "openvino"}  # fmt: skip


def head(name: str, pack_digest: str = "d" * 64) -> dict[str, str]:
    """What a head says of itself."""
    return {"name": name.lower(), "version": "1", "digest": "f" * 64, "pack": "retail:1",
            "pack_digest": pack_digest}  # fmt: skip


class StandIn(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Breaks where a test says so: `fault` sees the texts and may return a code and details."""

    def __init__(self) -> None:
        self.fault: Callable[[list[bytes]], tuple[grpc.StatusCode, str] | None] = lambda _: None
        self.delay_s: Callable[[list[bytes]], float] = lambda _: 0
        self.leave_out: set[str] = set()
        self.empty: set[str] = set()
        self.requests: list[list[bytes]] = []
        self.metadata: list[dict[str, str]] = []
        self.loads: list[str] = []
        self.configs: set[str] = {""}
        self.loads_fail = False
        self.stub_dead = False
        self.pack_digest = "d" * 64

    async def ModelInfer(self, request, context):  # noqa: N802 - gRPC's name
        """Answer each text with the same labels."""
        texts = _strings(request.raw_input_contents[0])
        self.requests.append(texts)
        self.metadata.append(dict(context.invocation_metadata()))
        await asyncio.sleep(self.delay_s(texts))
        if self.stub_dead:
            await context.abort(grpc.StatusCode.INTERNAL, DEAD_STUB.format(request.model_name))
        fault = self.fault(texts)
        if fault is not None:
            if "is not healthy" in fault[1]:
                self.stub_dead = True
            await context.abort(*fault)
        response = service_pb2.ModelInferResponse(model_name=request.model_name)
        # In another order than asked for: answers are found by name.
        for wanted in reversed(request.outputs):
            if wanted.name not in self.leave_out:
                self._put(response, wanted.name, len(texts))
        return response

    def _put(self, response, name: str, rows: int) -> None:
        kind, width, row = self._row(name)
        response.outputs.add(name=name, datatype=kind, shape=[rows, width])
        response.raw_output_contents.append(b"" if name in self.empty else row * rows)

    def _row(self, name: str) -> tuple[str, int, bytes]:
        if name == "MODEL":
            return "BYTES", 1, _bytes([json.dumps(ENCODER)])
        if name in {"TOKENS", "COMPUTE_US"}:
            return "INT32", 1, struct.pack("<i", {"TOKENS": 9, "COMPUTE_US": 700}[name])
        if name == "SPANS":
            return "INT32", 24, struct.pack("<24i", 0, 6, *[0] * 22)
        return self._row_of_head(*name.split("_"))

    def _row_of_head(self, which: str, part: str) -> tuple[str, int, bytes]:
        if part == "CARRIED":
            return "FP32", 12, struct.pack("<12f", 1.0, *[0.0] * 11)
        if part == "SPAN":
            return "INT32", 2, struct.pack("<2i", 0, 6)
        labels, scores = HEADS[which]
        if part == "HEAD":
            return "BYTES", 1, _bytes([json.dumps(head(which, self.pack_digest))])
        if part == "LABEL":
            return "BYTES", len(labels), _bytes(labels)
        if part == "SCOPE":
            return "FP32", 1, struct.pack("<f", 0.9)
        return "FP32", len(scores), struct.pack(f"<{len(scores)}f", *scores)

    async def ModelConfig(self, request, context):  # noqa: ARG002, N802 - the shape and name of gRPC
        """The little that matters."""
        response = service_pb2.ModelConfigResponse()
        response.config.name = request.name
        response.config.max_batch_size = 128
        return response

    async def RepositoryModelLoad(self, request, context):  # noqa: N802 - gRPC's name
        """A stub comes back to life, if the model's configuration is another than before.

        As in Triton 2.51: a load of what did not change does nothing and says OK.
        """
        self.loads.append(request.model_name)
        config = request.parameters["config"].string_param
        if config in self.configs:
            return service_pb2.RepositoryModelLoadResponse()
        self.configs.add(config)
        if self.loads_fail:
            await context.abort(grpc.StatusCode.INTERNAL, "failed to load")
        self.stub_dead = False
        return service_pb2.RepositoryModelLoadResponse()


class Server:
    """The stand-in on a free port of loopback; can be stopped and started again there."""

    def __init__(self) -> None:
        self.model = StandIn()
        self.port = 0
        self._server: grpc.aio.Server | None = None

    @property
    def url(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen, on the port of the last time if there was one."""
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", -1),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),
            ]
        )
        service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(self.model, self._server)
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self._server.start()

    async def stop(self) -> None:
        """At once: what is in flight is lost."""
        if self._server is not None:
            await self._server.stop(None)
            self._server = None


def signature(*outputs, model: str = "read_ticket") -> Signature:
    """A signature with chosen outputs."""
    return Signature(model, outputs)


def _strings(raw: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(raw):
        (length,) = struct.unpack_from("<I", raw, at)
        found.append(raw[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def _bytes(values: list[str]) -> bytes:
    return b"".join(struct.pack("<I", len(each.encode())) + each.encode() for each in values)
