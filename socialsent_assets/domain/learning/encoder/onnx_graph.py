"""An encoder written as an ONNX file, its matrices as whole numbers of seven bits.

Every row of activations is made whole by its own scale, inside the graph. With one scale per batch, as
onnxruntime's own dynamic quantization has, the answer for a post would depend on the posts beside it. Seven bits
rather than eight: kernels without VNNI add pairs of products in 16 bits, which eight would overflow, so that two
machines would answer differently.

Not here: training (fine_tuning.py), the session that runs the file (encoder.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.learning.encoder.weights import HEAD_WIDTH, Weights
from socialsent_assets.domain.learning.labels import CLASSES

if TYPE_CHECKING:
    import onnx

__all__ = ["onnx_file"]

OPSET, IR_VERSION = 17, 8
WEIGHT_LIMIT = 63
ACTIVATION_LIMIT = 127
_NEVER = -1e9
_ONNXRUNTIME = "com.microsoft"
_FLOAT, _INT32, _BOOL = 1, 6, 9
"""Element types by their numbers in onnx.TensorProto."""
_EPSILON = 1e-12
"""BERT's, in its layer norms."""


def onnx_file(weights: Weights) -> bytes:
    """The file: `input_ids` and `attention_mask`, int64 (n, t) in; `logits`, float32 (n, 3) out, as `CLASSES`."""
    from onnx import TensorProto, helper

    made = _Graph()
    x = made.embedded(weights)
    for layer in weights["layers"]:
        x = made.layer(x, layer)
    made.pooled(x, weights)
    ids = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"]) for name in ("input_ids", "attention_mask")
    ]
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(CLASSES)])
    graph = helper.make_graph(made.nodes, "encoder", ids, [logits], made.constants)
    versions = [helper.make_opsetid("", OPSET), helper.make_opsetid(_ONNXRUNTIME, 1)]
    model = helper.make_model(graph, opset_imports=versions, ir_version=IR_VERSION)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def whole_columns(matrix: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """A matrix as whole numbers, and the scale of each column, shape (columns,)."""
    scale = np.maximum(np.abs(matrix).max(axis=0), 1e-9) / WEIGHT_LIMIT
    return np.round(matrix / scale).astype(np.int8), scale.astype(np.float32)


class _Graph:
    """Nodes and constants so far; every method adds some and returns the name of what they compute.

    Tokens are the rows of a table, shape (n * t, width), but where attention needs to know whose they are.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.first, self.last = self.constant(_whole(0)), self.constant(_whole(-1))
        self.axis, self.end = self.constant(_whole(1)), self.constant(_whole(2))
        self.one = self.constant(np.float32(1))
        self.middle = self.constant(np.uint8(ACTIVATION_LIMIT + 1))
        self.nought = self.constant(np.int8(0))
        shape = self.node("Shape", "input_ids")
        self.length = self.node("Slice", shape, self.axis, self.end)
        self.count = self.node("Slice", shape, self.first, self.axis)
        self.there = self.node("Cast", "attention_mask", to=_INT32)

    def constant(self, value: npt.NDArray[Any] | np.generic) -> str:
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)), name))
        return name

    def node(self, kind: str, *inputs: str, outputs: Sequence[str] = (), domain: str = "", **attributes: Any) -> str:
        from onnx import helper

        names = list(outputs) or [f"n{len(self.nodes)}"]
        self.nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names[0]

    def fused(self, kind: str, *inputs: str, outputs: Sequence[str] = (), **attributes: Any) -> str:
        """One of onnxruntime's own operators: several of the standard in one pass."""
        return self.node(kind, *inputs, outputs=outputs, domain=_ONNXRUNTIME, **attributes)

    def as_rows(self, x: str, width: int) -> str:
        return self.node("Reshape", x, self.constant(_whole(-1, width)))

    def as_posts(self, x: str, width: int) -> str:
        shape = self.node("Concat", self.count, self.length, self.constant(_whole(width)), axis=0)
        return self.node("Reshape", x, shape)

    def embedded(self, weights: Weights) -> str:
        """Words by whole numbers with a scale per word, and places."""
        words, scale = whole_columns(weights["words"].T)
        rows = self.node("Gather", self.constant(np.ascontiguousarray(words.T)), "input_ids")
        scales = self.node("Gather", self.constant(scale[:, np.newaxis]), "input_ids")
        x = self.node("Mul", self.node("Cast", rows, to=_FLOAT), scales)
        places = self.node("Slice", self.constant(weights["places"]), self.first, self.length, self.first)
        of = (self.constant(weights["norm"]), self.constant(weights["norm_bias"]))
        normed = self.node("LayerNormalization", self.node("Add", x, places), *of, axis=-1, epsilon=_EPSILON)
        return self.as_rows(normed, weights["words"].shape[1])

    def dense(self, x: str, weights: Weights, name: str) -> str:
        """Rows times a matrix of whole numbers, each row made whole by a scale of its own; without the bias."""
        whole, scale = whole_columns(weights[name])
        lowest = self.node("Neg", self.node("ReduceMin", x, axes=[-1], keepdims=0))
        most = self.node("Max", self.node("ReduceMax", x, axes=[-1], keepdims=0), lowest)
        step = self.node("Mul", most, self.constant(np.float32(1 / ACTIVATION_LIMIT)))
        step = self.node("Max", step, self.constant(np.float32(1e-9)))
        middle = self.node("Expand", self.middle, self.node("Shape", step))
        rows = self.node("QuantizeLinear", x, step, middle, axis=0)
        product = self.fused(
            "MatMulIntegerToFloat",
            *(rows, self.constant(whole), self.one, self.constant(scale)),
            *(self.middle, self.constant(np.zeros(len(scale), np.int8))),
        )
        return self.node("Mul", product, self.node("Unsqueeze", step, self.axis))

    def layer(self, x: str, weights: Weights) -> str:
        """One layer: attention and the inner network, each added to what came in and normed."""
        width = weights["out"].shape[0]
        parts = [f"{x}_{name}" for name in ("query", "key", "value")]
        read = self.as_posts(self.dense(x, weights, "qkv"), 3 * width)
        self.node("Split", read, outputs=parts, axis=-1)
        bias = self.constant(weights["qkv_bias"])
        said = self.fused("MultiHeadAttention", *parts, bias, self.there, num_heads=width // HEAD_WIDTH)
        x = self.joined(self.dense(self.as_rows(said, width), weights, "out"), x, weights, "out_bias", "norm1")
        inner = self.fused("BiasGelu", self.dense(x, weights, "up"), self.constant(weights["up_bias"]))
        return self.joined(self.dense(inner, weights, "down"), x, weights, "down_bias", "norm2")

    def joined(self, x: str, skipped: str, weights: Weights, bias: str, norm: str) -> str:
        """Layer norm of the sum of both and a bias."""
        of = (self.constant(weights[name]) for name in (norm, f"{norm}_bias", bias))
        width = weights[norm].shape[0]
        single = self.constant(_whole(1, -1, width))  # the operator wants three dimensions
        both = (self.node("Reshape", each, single) for each in (x, skipped))
        return self.as_rows(self.fused("SkipLayerNormalization", *both, *of, epsilon=_EPSILON), width)

    def pooled(self, x: str, weights: Weights) -> str:
        """Mean and maximum of the tokens of each post, times the head."""
        x = self.as_posts(x, weights["words"].shape[1])
        there = self.node("Unsqueeze", self.node("Cast", "attention_mask", to=_FLOAT), self.end)
        total = self.node("ReduceSum", self.node("Mul", x, there), self.axis, keepdims=0)
        mean = self.node("Div", total, self.node("ReduceSum", there, self.axis, keepdims=0))
        seen = self.node("Where", self.node("Cast", there, to=_BOOL), x, self.constant(np.float32(_NEVER)))
        highest = self.node("ReduceMax", seen, axes=[1], keepdims=0)
        score = self.node("MatMul", self.node("Concat", mean, highest, axis=-1), self.constant(weights["head"]))
        return self.node("Add", score, self.constant(weights["head_bias"]), outputs=["logits"])


def _whole(*numbers: int) -> npt.NDArray[np.int64]:
    return np.array(numbers, np.int64)
