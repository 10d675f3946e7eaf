"""Runs in Triton's environment: the served encoder without the server, one process, one thread.

`python direct_worker.py FOLDER`, FOLDER being the encoder's version folder in the repository. Lines
of JSON come in, each a list of texts that are computed together; a line with what it took goes out.
"""

import importlib.metadata
import json
import os
import sys
import time
from pathlib import Path


def main() -> None:
    """Load, warm up, say so; then answer each line until there are no more."""
    folder = Path(sys.argv[1])
    sys.path.insert(0, str(folder))
    from encoding import Encoder  # type: ignore[import-not-found] # noqa: PLC0415 - the served code

    encoder = Encoder(folder)
    encoder.warm()
    answer = {"manifest": encoder.manifest, "versions": _versions()}
    print(json.dumps(answer), flush=True)
    for line in sys.stdin:
        texts = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        _, tokens, _ = encoder.encode(texts)
        answer = {
            "texts": len(texts),
            "tokens": int(tokens.sum()),
            "wall_s": time.perf_counter() - wall,
            "cpu_s": time.process_time() - cpu,
        }
        print(json.dumps(answer), flush=True)


def _versions() -> dict[str, str]:
    found = {}
    for name in ("openvino", "onnxruntime", "tokenizers", "numpy", "nvidia-pytriton"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    main()
