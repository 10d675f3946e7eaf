"""Writes the encoder as an ONNX graph in float32: BERT's body, mean pooling, unit length."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from infra.triton.build.weights import Weights

_OPSET, _IR = 21, 10
_MS = "com.microsoft"


class _Graph:
    """Nodes and constants, added in order."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        domain = attributes.pop("domain", "")
        self.nodes.append(
            helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes)
        )
        return output


def write(weights: Weights, path: Path) -> None:
    """Write the model; inputs input_ids and attention_mask [batch, seq].

    Outputs embedding [batch, hidden] and states [batch, seq, hidden], what it was made from.
    """
    graph = _Graph()
    hidden = _embeddings(graph, weights)
    graph.add("Cast", ["attention_mask"], "mask", to=TensorProto.INT32)
    for layer in range(weights.shape.layers):
        hidden = _attention(graph, weights, f"l{layer}", hidden)
        hidden = _feed_forward(graph, weights, f"l{layer}", hidden)
    graph.add("Identity", [hidden], "states")
    _pool(graph, hidden)
    ids = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "seq"])
        for name in ("input_ids", "attention_mask")
    ]
    width = weights.shape.hidden
    outs = [
        helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", width]),
        helper.make_tensor_value_info("states", TensorProto.FLOAT, ["batch", "seq", width]),
    ]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "encoder", ids, outs, graph.constants),
        opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_MS, 1)],
        ir_version=_IR,
    )
    onnx.save(model, str(path))


def _embeddings(graph: _Graph, weights: Weights) -> str:
    width = weights.shape.hidden
    words = graph.constant("emb.word", weights.matrix("emb.word", width))
    positions = weights.vector("emb.pos").reshape(-1, width)
    types = weights.vector("emb.type").reshape(-1, width)
    table = graph.constant("emb.place", positions + types[0])
    zero = graph.constant("zero", np.array([0], np.int64))
    one = graph.constant("one", np.array([1], np.int64))
    word = graph.add("Gather", [words, "input_ids"], "word")
    shape = graph.add("Shape", ["input_ids"], "shape")
    length = graph.add("Gather", [shape, one], "length")
    place = graph.add("Slice", [table, zero, length, zero], "place")
    total = graph.add("Add", [word, place], "emb.sum")
    return graph.add(
        "LayerNormalization",
        [
            total,
            graph.constant("emb.ln.w", weights.vector("emb.ln.w")),
            graph.constant("emb.ln.b", weights.vector("emb.ln.b")),
        ],
        "emb.out",
        axis=-1,
        epsilon=weights.epsilon,
    )


def _multiply(graph: _Graph, weights: Weights, name: str, x: str, columns: int) -> str:
    """Without the bias: the fused node after it adds that."""
    matrix = weights.matrix(f"{name}.w", columns)
    return graph.add("MatMul", [x, graph.constant(f"{name}.w", matrix.T)], f"{name}.out")


def _attention(graph: _Graph, weights: Weights, layer: str, x: str) -> str:
    width = weights.shape.hidden
    qkv = [_multiply(graph, weights, f"{layer}.{part}", x, width) for part in ("q", "k", "v")]
    bias = np.concatenate([weights.vector(f"{layer}.{part}.b") for part in ("q", "k", "v")])
    seen = graph.add(
        "MultiHeadAttention",
        [*qkv, graph.constant(f"{layer}.qkv.b", bias), "mask"],
        f"{layer}.attention",
        domain=_MS,
        num_heads=weights.shape.heads,
    )
    out = _multiply(graph, weights, f"{layer}.ao", seen, width)
    return _norm(graph, weights, f"{layer}.aln", out, x, f"{layer}.ao.b")


def _feed_forward(graph: _Graph, weights: Weights, layer: str, x: str) -> str:
    inner = _multiply(graph, weights, f"{layer}.fi", x, weights.shape.hidden)
    bias = graph.constant(f"{layer}.fi.b", weights.vector(f"{layer}.fi.b"))
    active = graph.add("BiasGelu", [inner, bias], f"{layer}.gelu", domain=_MS)
    out = _multiply(graph, weights, f"{layer}.fo", active, weights.shape.ffn)
    return _norm(graph, weights, f"{layer}.oln", out, x, f"{layer}.fo.b")


def _norm(graph: _Graph, weights: Weights, name: str, x: str, skip: str, bias: str) -> str:
    vectors = [
        graph.constant(part, weights.vector(part)) for part in (f"{name}.w", f"{name}.b", bias)
    ]
    return graph.add(
        "SkipLayerNormalization",
        [x, skip, *vectors],
        f"{name}.out",
        domain=_MS,
        epsilon=weights.epsilon,
    )


def _pool(graph: _Graph, hidden: str) -> None:
    last = graph.constant("last", np.array([-1], np.int64))
    floats = graph.add("Cast", ["attention_mask"], "mask.float", to=TensorProto.FLOAT)
    wide = graph.add("Unsqueeze", [floats, last], "mask.wide")
    kept = graph.add("Mul", [hidden, wide], "kept")
    total = graph.add("ReduceSum", [kept, "one"], "total", keepdims=0)
    count = graph.add("ReduceSum", [wide, "one"], "count", keepdims=0)
    mean = graph.add("Div", [total, count], "mean")
    norm = graph.add("ReduceL2", [mean, last], "norm", keepdims=1)
    graph.add("Div", [mean, norm], "embedding")
