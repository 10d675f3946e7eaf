"""Makes the encoder's version folder: weights to graph to 8 bits, with a manifest of it all."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from infra.triton.build import graph, manifests, quantize, tokenizer, weights

CODE = Path(__file__).parents[1] / "repository" / "encoder" / "1"
# Per channel, calibrated on mixed languages: 0.993 to 0.999. Per tensor it would be 0.96.
_NEAR = 0.98
_CALIBRATION = Path(__file__).with_name("calibration.txt")


def build(request: dict[str, Any], into: Path, say: Callable[[str], None]) -> None:
    """Fill the folder; the same request on the same kind of CPU gives the same bytes."""
    source, form = request["source"], request["choice"]["form"]
    for file in CODE.glob("*.py"):
        shutil.copy(file, into)
    say("reading the weights")
    read = weights.read(Path(request["weights"]))
    tokenizer.write(read, into / "tokenizer.json")
    with tempfile.TemporaryDirectory(dir=into.parent) as folder:
        plain = Path(folder) / "plain.onnx"
        say("writing the graph")
        graph.write(read, plain)
        say(f"quantizing to {form}")
        tokens = Tokenizer.from_file(str(into / "tokenizer.json"))
        tokens.enable_truncation(source["max_tokens"])
        texts = _texts()
        quantize.quantize(form, plain, tokens, [source["prefix"] + text for text in texts], into)
        manifest = _manifest(request, read.special.pad, into)
        manifests.write(manifest, into)
        say("comparing with float32")
        manifest["cosine_to_float32"] = _compared(plain, into, texts[::9])
    manifests.write(manifest, into)


def load(folder: Path) -> Any:
    """The encoder as Triton runs it, out of a version folder."""
    import importlib.util  # noqa: PLC0415 - only the heads' build needs it

    sys.path.insert(0, str(folder))  # what it imports lies beside it
    spec = importlib.util.spec_from_file_location("encoding", folder / "encoding.py")
    assert spec is not None  # noqa: S101 - it is a Python file
    assert spec.loader is not None  # noqa: S101 - the same
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Encoder(folder)


def _texts() -> list[str]:
    return [line for line in _CALIBRATION.read_text(encoding="utf-8").splitlines() if line.strip()]


def _compared(plain: Path, into: Path, texts: list[str]) -> dict[str, float]:
    """How near the served vectors are to those of the graph that was quantized."""
    session = ort.InferenceSession(plain, providers=["CPUExecutionProvider"])
    served = load(into)
    cosines = []
    for text, vector in zip(texts, served.encode(texts)[0], strict=True):
        ids = np.array([served.ids(text)], np.int64)
        (exact,) = session.run(
            ["embedding"], {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        )
        cosines.append(float(exact[0] @ vector))
    if min(cosines) < _NEAR:
        raise ValueError(
            f"quantizing went wrong: cosine {min(cosines):.3f} to float32, not {_NEAR} or more"
        )
    return {"mean": round(float(np.mean(cosines)), 3), "min": round(min(cosines), 3)}


def _manifest(request: dict[str, Any], pad: int, into: Path) -> dict[str, Any]:
    source, choice = request["source"], request["choice"]
    served = {
        "runtime": quantize.RUNTIME[choice["form"]],
        "max_tokens": source["max_tokens"],
        "prefix": source["prefix"],
        "pad_id": pad,
        "files": manifests.digests(into),
    }
    return {
        "identity": {
            "name": "encoder",
            "version": source["version"],
            "digest": manifests.digest(served),
            "quantization": quantize.QUANTIZATION[choice["form"]],
            "runtime": served["runtime"],
        },
        **served,
        "weights": source["name"],
        "licence": source["licence"],
        "source": {name: source[name] for name in ("package", "file", "file_sha256")},
        "tokenizer": "tokenizer.json",
        "form": choice["form"],
        "why_this_form": choice["reason"],
        "cpu_features": choice["cpu_features"],
    }
