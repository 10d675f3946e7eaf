"""TEXT in, its language out. Reads the text itself: no encoder before it."""

import hashlib
import json
import sys
from pathlib import Path

import fasttext
import numpy as np
import triton_python_backend_utils as pb

sys.path.insert(0, str(Path(__file__).parent))

from telling import Telling  # noqa: E402 - beside this file


class TritonPythonModel:
    """One instance is one process."""

    def initialize(self, args):
        """Load and check the digests; an exception here keeps the model from serving."""
        folder = Path(args["model_repository"]) / args["model_version"]
        manifest = json.loads((folder / "manifest.json").read_text())
        for name, digest in manifest["files"].items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
                raise ValueError(f"{folder / name} is not the file that was built: build it again")
        self.identity = json.dumps(manifest["identity"], separators=(",", ":")).encode()
        self.telling = Telling(fasttext.load_model(str(folder / "lid.176.ftz")).predict)

    def execute(self, requests):
        """One bad request does not fail the others."""
        return [self._reply(request) for request in requests]

    def _reply(self, request):
        try:
            values = pb.get_input_tensor_by_name(request, "TEXT").as_numpy().reshape(-1)
            told = [self.telling.tell(value.decode("utf-8")) for value in values]
        except UnicodeDecodeError:
            return pb.InferenceResponse(
                error=pb.TritonError("TEXT is not UTF-8", pb.TritonError.INVALID_ARG)
            )
        rows = len(told)
        labels = np.array([[language.encode()] for language, _ in told], dtype=object)
        scores = np.array([[chance] for _, chance in told], np.float32)
        identity = np.array([[self.identity]] * rows, dtype=object)
        return pb.InferenceResponse(
            [pb.Tensor("LABEL", labels), pb.Tensor("SCORE", scores), pb.Tensor("HEAD", identity)]
        )
