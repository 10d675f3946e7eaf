"""TEXT and its sentences' vectors in; whether one of them is an order to a machine, and which, out.

The first head of an ensemble: it passes the vectors on to the next.
"""

import json
import sys
from pathlib import Path

import numpy as np
import triton_python_backend_utils as pb

sys.path.insert(0, str(Path(__file__).parent))

from scoring import Head  # noqa: E402 - beside this file
from suspecting import ORDINARY, SUSPICIOUS, judge  # noqa: E402 - the same


class TritonPythonModel:
    """One instance is one process."""

    def initialize(self, args):
        """Load and check the digests; an exception here keeps the model from serving."""
        self.head = Head(Path(args["model_repository"]) / args["model_version"])
        self.identity = json.dumps(self.head.identity, separators=(",", ":")).encode()

    def execute(self, requests):
        """One bad request does not fail the others."""
        return [self._reply(request) for request in requests]

    def _reply(self, request):
        text, vectors, parts, shares, spans = (
            pb.get_input_tensor_by_name(request, name).as_numpy()
            for name in ("TEXT", "EMBEDDING", "PARTS", "SHARES", "SPANS")
        )
        rows = len(vectors)
        labels = np.empty((rows, 2), dtype=object)
        scores = np.empty((rows, 2), np.float32)
        places = np.empty((rows, 2), np.int32)
        try:
            for row in range(rows):
                there = shares[row] > 0
                chances = self.head.chances(parts[row][there])
                words = text.reshape(-1)[row].decode("utf-8")
                own = spans[row].reshape(-1, 2)[there]
                chance, places[row] = judge(words, self.head.labels, chances, own)
                found = [(chance, SUSPICIOUS), (1 - chance, ORDINARY)]
                found.sort(key=lambda each: -each[0])
                scores[row] = [score for score, _ in found]
                labels[row] = [label for _, label in found]
        except ValueError as error:  # no UTF-8, no finite number
            return pb.InferenceResponse(
                error=pb.TritonError(str(error), pb.TritonError.INVALID_ARG)
            )
        identity = np.array([[self.identity]] * rows, dtype=object)
        told = {
            "LABEL": labels,
            "SCORE": scores,
            "SPAN": places,
            "HEAD": identity,
            "PASSED_ON": vectors,
            "PARTS_ON": parts,
            "SHARES_ON": shares,
        }
        wanted = request.requested_output_names()
        return pb.InferenceResponse(
            [pb.Tensor(name, values) for name, values in told.items() if name in wanted]
        )
