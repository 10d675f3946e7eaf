"""Calls Triton over gRPC: a deadline on every call, every failure named by whose it may be."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Self

import grpc
import structlog
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped] # has no types
from tritonclient.grpc import service_pb2, service_pb2_grpc

from services.chassis.triton.faults import Fault, Kind, classify, dead_model
from services.chassis.triton.settings import TritonSettings
from services.chassis.triton.wire import Row, Signature, decode, encode

log = structlog.get_logger()

_MESSAGE_BYTES = 256 * 1024 * 1024

# Back within half a second of the server; gRPC's own back-off needs 5 s and up to 120.
_CHANNEL = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    # Channels of one process share a connection by default, its back-off too.
    ("grpc.use_local_subchannel_pool", 1),
)


class TritonClient:
    """One connection, to be used inside `async with` on a running loop."""

    def __init__(self, settings: TritonSettings) -> None:
        self._settings = settings
        self._channel = grpc.aio.insecure_channel(settings.url, options=_CHANNEL)
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        self._reviving: dict[str, asyncio.Lock] = {}
        self._revived: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._channel.close()

    async def infer(
        self,
        signature: Signature,
        texts: Sequence[bytes],
        *,
        deadline_s: float,
        traceparent: str | None = None,
    ) -> list[Row]:
        """One row per text, in order.

        Raises:
            Fault: of the kind STUB only after loading the model again was tried.
        """
        started = time.monotonic()
        try:
            response = await self._stub.ModelInfer(
                encode(signature, texts),
                timeout=deadline_s,
                metadata=(("traceparent", traceparent),) if traceparent else None,
            )
        except grpc.aio.AioRpcError as error:
            raise await self._fault(signature.model, error, started) from None
        return decode(signature, response, len(texts))

    async def stream(
        self, request: service_pb2.ModelInferRequest, *, silence_s: float, traceparent: str
    ) -> AsyncIterator[service_pb2.ModelInferResponse]:
        """The pieces of a decoupled model's one answer; who stops asking breaks it off there, too.

        Raises:
            Fault: also when nothing came for `silence_s`: a process that died says nothing.
        """
        started = time.monotonic()
        model = request.model_name
        call = self._stub.ModelStreamInfer(_once(request), metadata=(("traceparent", traceparent),))
        try:
            while True:
                reply = await asyncio.wait_for(call.read(), silence_s)
                if reply is grpc.aio.EOF:
                    return
                if reply.error_message:
                    raise await self._refused(model, "INTERNAL", reply.error_message, started)
                yield reply.infer_response
        except TimeoutError:
            raise Fault(Kind.LOST, f"{model}: silent for {silence_s:.0f} s") from None
        except grpc.aio.AioRpcError as error:
            raise await self._fault(model, error, started) from None
        finally:
            call.cancel()

    async def serves(self, model: str) -> bool:
        """Whether the server has a model of that name ready.

        Raises:
            Fault: it does not answer.
        """
        try:
            index = await self._stub.RepositoryIndex(
                service_pb2.RepositoryIndexRequest(ready=True),
                timeout=self._settings.canary_deadline_s,
            )
        except grpc.aio.AioRpcError as error:
            raise await self._fault(model, error, time.monotonic()) from None
        return any(each.name == model for each in index.models)

    async def _fault(self, model: str, error: grpc.aio.AioRpcError, started: float) -> Fault:
        return await self._refused(model, error.code().name, error.details() or "", started)

    async def _refused(self, model: str, code: str, details: str, started: float) -> Fault:
        kind = classify(code, details)
        if kind is Kind.STUB:
            await self._revive(dead_model(details) or model, started)
        return Fault(kind, f"{model}: {code}")

    async def _revive(self, model: str, since: float) -> None:
        """Load the model again: Triton never restarts a dead stub, every call to it would fail.

        Once for all calls that met the same death; `since` is when the asking call started.
        """
        async with self._reviving.setdefault(model, asyncio.Lock()):
            if self._revived.get(model, 0.0) > since:
                return
            log.warning("a model's process died: loading it again", model=model)
            try:
                await self._load(model)
            except grpc.aio.AioRpcError as error:
                # Its canary tells everybody else; the details may quote a text.
                log.error("the model did not load", model=model, code=error.code().name)  # noqa: TRY400 - the same
            else:
                self._revived[model] = time.monotonic()

    async def _load(self, model: str) -> None:
        """Load a model as it is now.

        Triton takes a load of what did not change for done, dead stub or not. So we hand it its own
        configuration, with a parameter that is new.
        """
        deadline = self._settings.revive_deadline_s
        served = await self._stub.ModelConfig(
            service_pb2.ModelConfigRequest(name=model), timeout=deadline
        )
        config = MessageToDict(served.config, preserving_proto_field_name=True)
        config.setdefault("parameters", {})["loaded_again_at"] = {
            "string_value": str(time.time_ns())
        }
        request = service_pb2.RepositoryModelLoadRequest(model_name=model)
        request.parameters["config"].string_param = json.dumps(config)
        await self._stub.RepositoryModelLoad(request, timeout=deadline)


async def _once(
    request: service_pb2.ModelInferRequest,
) -> AsyncIterator[service_pb2.ModelInferRequest]:
    yield request


class ServedModel:
    """One model of the server, as the batcher wants it."""

    def __init__(
        self, client: TritonClient, signature: Signature, settings: TritonSettings
    ) -> None:
        self._client = client
        self._signature = signature
        self._settings = settings

    @property
    def name(self) -> str:
        """The model's name on the server."""
        return self._signature.model

    async def infer(self, texts: Sequence[bytes], traceparent: str) -> Sequence[Row]:
        """One row per text; raises `Fault`."""
        return await self._client.infer(
            self._signature,
            texts,
            deadline_s=self._settings.deadline_s,
            traceparent=traceparent,
        )

    async def canary(self) -> Row:
        """The answer to a known tiny text; raises `Fault`."""
        (row,) = await self._client.infer(
            self._signature, [b"canary"], deadline_s=self._settings.canary_deadline_s
        )
        return row
