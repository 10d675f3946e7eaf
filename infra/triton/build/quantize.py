"""Turns the float32 graph into the served form: 8-bit weights and activations."""

import os
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

OPENVINO, ONNX = "ov-int8", "ort-int8"
RUNTIME = {OPENVINO: "openvino", ONNX: "onnxruntime"}
QUANTIZATION = {OPENVINO: "int8-static", ONNX: "int8-dynamic"}


def quantize(form: str, graph: Path, tokenizer: Tokenizer, texts: list[str], into: Path) -> None:
    """Write the model of that form into the folder."""
    if form == OPENVINO:
        _openvino(graph, tokenizer, texts, into)
    elif form == ONNX:
        _onnxruntime(graph, into)
    else:
        raise ValueError(f"no such form: {form}; known: {OPENVINO}, {ONNX}")


def _openvino(graph: Path, tokenizer: Tokenizer, texts: list[str], into: Path) -> None:
    """Static ranges, found by running the texts: vectors do not depend on a text's batch mates."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import nncf  # noqa: PLC0415 - seconds to import, and only one form needs it
    import openvino as ov  # noqa: PLC0415

    nncf.set_log_level("ERROR")
    core = ov.Core()
    plain = into / "plain.xml"
    # NNCF fails on the model read from ONNX; on the same model saved as IR it does not.
    ov.save_model(core.read_model(graph), plain, compress_to_fp16=False)

    def inputs(text: str) -> dict[str, np.ndarray]:
        ids = np.array([tokenizer.encode(text).ids], np.int64)
        return {"input_ids": ids, "attention_mask": np.ones_like(ids)}

    quantized = nncf.quantize(
        core.read_model(plain),
        nncf.Dataset(texts, inputs),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(texts),
    )
    ov.save_model(quantized, into / "model.xml", compress_to_fp16=False)
    for file in (plain, plain.with_suffix(".bin")):
        file.unlink()


def _onnxruntime(graph: Path, into: Path) -> None:
    """Dynamic ranges: no calibration, but a text's vector would depend on its batch mates."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    quantize_dynamic(
        graph,
        into / "model.onnx",
        weight_type=QuantType.QInt8,
        per_channel=True,  # one scale per tensor loses 3 % of cosine similarity
        op_types_to_quantize=["MatMul", "Gather"],
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": 1},
    )
