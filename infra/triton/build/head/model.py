"""EMBEDDING in, the likeliest labels out, with which head says so.

A head that another one follows passes the vector on to it: see read_ticket/config.pbtxt.
"""

from __future__ import annotations  # the stub gives `pb` its types only after this file is loaded

import json
import sys
from pathlib import Path

import numpy as np
import triton_python_backend_utils as pb

sys.path.insert(0, str(Path(__file__).parent))

from evidence import carried
from scoring import Head


class TritonPythonModel:
    """The same for every head; what differs lies beside it."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load and check the digest; an exception here keeps the model from serving."""
        self.head = Head(Path(args["model_repository"]) / args["model_version"])
        self.identity = json.dumps(self.head.identity, separators=(",", ":")).encode()

    def execute(self, requests: list[pb.InferenceRequest]) -> list[pb.InferenceResponse]:
        """One bad request does not fail the others."""
        return [self._reply(request) for request in requests]

    def _reply(self, request: pb.InferenceRequest) -> pb.InferenceResponse:
        vectors = pb.get_input_tensor_by_name(request, "EMBEDDING").as_numpy()
        try:
            labels, scores, scope = self.head.tell(vectors)
        except ValueError as error:
            return pb.InferenceResponse(
                error=pb.TritonError(str(error), pb.TritonError.INVALID_ARG)
            )
        identity = np.array([[self.identity]] * len(labels), dtype=object)
        told = [
            pb.Tensor("LABEL", labels),
            pb.Tensor("SCORE", scores),
            pb.Tensor("HEAD", identity),
        ]
        wanted = request.requested_output_names()
        if "SCOPE" in wanted:
            told.append(pb.Tensor("SCOPE", scope))
        if "CARRIED" in wanted:
            parts, shares = (
                pb.get_input_tensor_by_name(request, name).as_numpy()
                for name in ("PARTS", "SHARES")
            )
            told.append(pb.Tensor("CARRIED", carried(self.head.chances, vectors, parts, shares)))
        if "PASSED_ON" in wanted:
            told.append(pb.Tensor("PASSED_ON", vectors))
        return pb.InferenceResponse(told)
