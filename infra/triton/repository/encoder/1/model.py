"""TEXT in, EMBEDDING out, with what it cost and which bits did it."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import triton_python_backend_utils as pb

os.environ["TOKENIZERS_PARALLELISM"] = "false"
sys.path.insert(0, str(Path(__file__).parent))

from encoding import Encoder  # noqa: E402 - beside this file


class TritonPythonModel:
    """One instance is one process with one thread."""

    def initialize(self, args):
        """Load, check the digests, warm up; an exception here keeps the model from serving."""
        folder = Path(args["model_repository"]) / args["model_version"]
        self.encoder = Encoder(folder)
        self.identity = json.dumps(self.encoder.manifest["identity"], separators=(",", ":")).encode()
        self.encoder.warm()

    def execute(self, requests):
        """All requests of the batch in one pass; one bad request does not fail the others."""
        replies = [None] * len(requests)
        texts, spans = [], []
        for place, request in enumerate(requests):
            if request.is_cancelled():  # nobody waits for it any more
                replies[place] = _refusal("cancelled by the client", pb.TritonError.CANCELLED)
                continue
            try:
                values = pb.get_input_tensor_by_name(request, "TEXT").as_numpy().reshape(-1)
                found = [value.decode("utf-8") for value in values]
            except UnicodeDecodeError:
                replies[place] = _refusal("TEXT is not UTF-8", pb.TritonError.INVALID_ARG)
                continue
            spans.append((place, slice(len(texts), len(texts) + len(found))))
            texts += found
        if texts:
            encoded = self.encoder.read(texts)
            for place, span in spans:
                replies[place] = self._reply(encoded, span, requests[place])
        return replies

    def _reply(self, encoded, span, request):
        rows = span.stop - span.start
        told = {
            "EMBEDDING": encoded.vectors[span],
            "PARTS": encoded.parts[span],
            "SHARES": encoded.shares[span],
            "SPANS": encoded.spans[span].reshape(rows, -1),
            "TOKENS": encoded.tokens[span].reshape(rows, 1),
            "COMPUTE_US": encoded.spent[span].reshape(rows, 1),
            "MODEL": np.array([[self.identity]] * rows, dtype=object),
        }
        wanted = request.requested_output_names()
        return pb.InferenceResponse(
            [pb.Tensor(name, values) for name, values in told.items() if name in wanted]
        )


def _refusal(message, code):
    return pb.InferenceResponse(error=pb.TritonError(message, code))
