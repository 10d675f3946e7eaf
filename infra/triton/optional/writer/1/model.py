"""MESSAGES and SCHEMA in, pieces of TEXT out; the last one says which bits wrote, at what cost."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import triton_python_backend_utils as pb

sys.path.insert(0, str(Path(__file__).parent))

import writing  # noqa: E402 - beside this file

_FINAL = pb.TRITONSERVER_RESPONSE_COMPLETE_FINAL
_MOST_TOKENS = 1024


class TritonPythonModel:
    """One instance is one process that writes one text at a time."""

    def initialize(self, args):
        """Load and warm up; an exception here keeps the model from serving."""
        folder = Path(args["model_repository"]) / args["model_version"]
        given = json.loads(args["model_config"]).get("parameters", {})
        self.writer = writing.load(
            folder, {name: value["string_value"] for name, value in given.items()}
        )
        identity = self.writer.manifest["identity"]
        self.identity = json.dumps(identity, separators=(",", ":")).encode()
        schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
        self.writer.write([{"role": "user", "content": "warm up"}], schema, 16, lambda _: False)

    def execute(self, requests):
        """One after the other; what nobody waits for any more is not begun, or broken off."""
        for request in requests:
            sender = request.get_response_sender()
            if request.is_cancelled():
                _end(sender, _refusal("cancelled by the client", pb.TritonError.CANCELLED))
                continue
            try:
                asked = _asked(request)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                _end(sender, _refusal(f"bad input: {type(error).__name__}", pb.TritonError.INVALID_ARG))
                continue
            try:
                self._write(sender, *asked)
            except writing.RefusedError as error:
                _end(sender, _refusal(f"refused: {error}", pb.TritonError.INVALID_ARG))

    def _write(self, sender, messages, schema, max_tokens):
        began = time.monotonic()
        tokens = 0

        def piece(bit):
            nonlocal tokens
            if sender.is_cancelled():
                return True
            tokens += 1
            sender.send(pb.InferenceResponse([_string("TEXT", bit.encode())]))
            return False

        finish, timings = self.writer.write(messages, schema, max_tokens, piece)
        if finish == "cancelled":
            _end(sender, _refusal("cancelled by the client", pb.TritonError.CANCELLED))
            return
        read, written = timings.get("prompt_n", 0), timings.get("predicted_n", tokens)
        spent = int((time.monotonic() - began) * 1_000_000)
        _end(
            sender,
            pb.InferenceResponse(
                [
                    _string("TEXT", b""),
                    _string("FINISH", finish.encode()),
                    pb.Tensor("TOKENS", np.array([read + written], np.int32)),
                    pb.Tensor("COMPUTE_US", np.array([spent], np.int32)),
                    _string("MODEL", self.identity),
                ]
            ),
        )


def _asked(request):
    messages = json.loads(_bytes(request, "MESSAGES"))
    schema = json.loads(_bytes(request, "SCHEMA"))
    wanted = int(pb.get_input_tensor_by_name(request, "MAX_TOKENS").as_numpy().reshape(-1)[0])
    for each in messages:
        if not isinstance(each["content"], str) or each["role"] not in _ROLES:
            raise ValueError(each["role"])
    if not messages or not isinstance(schema, dict):
        raise ValueError("nothing asked")
    return messages, schema, max(1, min(wanted, _MOST_TOKENS))


_ROLES = frozenset({"system", "user", "assistant"})


def _bytes(request, name):
    return pb.get_input_tensor_by_name(request, name).as_numpy().reshape(-1)[0].decode("utf-8")


def _string(name, value):
    return pb.Tensor(name, np.array([value], dtype=object))


def _refusal(message, code):
    return pb.InferenceResponse(error=pb.TritonError(message, code))


def _end(sender, response):
    sender.send(response, flags=_FINAL)
