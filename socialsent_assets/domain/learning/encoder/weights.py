"""Weights of a BERT-like encoder: their names and shapes, and reading them from an ONNX file as PyTorch exports it.

Not here: what is computed with them (forward.py, onnx_graph.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.learning.labels import CLASSES

__all__ = ["HEAD_WIDTH", "Weights", "invented", "read_onnx"]

Weights = dict[str, Any]
"""float32 arrays by name, with H the width, V the vocabulary, T the longest text in tokens and I the inner width:
`words` (V, H), `places` (T, H), `norm`, `norm_bias` (H,), `head` (2H, 3), `head_bias` (3,), and `layers`, a list of
`qkv` (H, 3H), `out` (H, H), `up` (H, I), `down` (I, H), each with its `_bias`, and `norm1`, `norm2` with theirs (H,).
"""

Floats = npt.NDArray[np.float32]

HEAD_WIDTH = 32
"""Numbers that one attention head reads, in BERT and MiniLM of 384."""

_PER_LAYER = 6
_WORDS = "embeddings.word_embeddings.weight"


def read_onnx(content: bytes, longest: int, seed: int) -> Weights:
    """Weights of a BERT that PyTorch exported, and a head of small random numbers.

    Args:
        content: the ONNX file. Its matrices are constants in the order in which they are used: query, key, value,
            output, inner, outer of each layer.
        longest: positions to keep.
        seed: of the head.

    Raises:
        UserError: it is no ONNX file, or holds no such encoder.
    """
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise UserError("the starting weights are not an ONNX file: name one with --start") from error
    found = {each.name: np.asarray(numpy_helper.to_array(each), np.float32) for each in model.graph.initializer}
    try:
        return _of_bert(found, longest, seed)
    except (KeyError, StopIteration, ValueError) as error:
        raise UserError(
            "the starting weights hold no BERT encoder of the form that PyTorch exports "
            f"({len(found)} constants, {error!r})"
        ) from error


def _of_bert(found: dict[str, Floats], longest: int, seed: int) -> Weights:
    prefix = next(name for name in found if name.endswith(_WORDS)).removesuffix(_WORDS)
    matrices = [found[name] for name in found if name.startswith("onnx::MatMul")]
    if not matrices or len(matrices) % _PER_LAYER:
        raise ValueError(f"{len(matrices)} matrices")

    def embedding(name: str) -> Floats:
        return found[f"{prefix}embeddings.{name}"]

    width = embedding("word_embeddings.weight").shape[1]
    kinds = embedding("token_type_embeddings.weight")
    layers = [
        _layer(found, f"{prefix}encoder.layer.{number}.", matrices[_PER_LAYER * number :][:_PER_LAYER], width)
        for number in range(len(matrices) // _PER_LAYER)
    ]
    return {
        "words": embedding("word_embeddings.weight"),
        "places": embedding("position_embeddings.weight")[:longest] + kinds[0],
        "norm": embedding("LayerNorm.weight"),
        "norm_bias": embedding("LayerNorm.bias"),
        "layers": layers,
        **_head(width, seed),
    }


def _layer(found: dict[str, Floats], at: str, matrices: list[Floats], width: int) -> Weights:
    query, key, value, out, up, down = matrices
    if any(each.shape != (width, width) for each in (query, key, value, out)) or up.shape != down.shape[::-1]:
        raise ValueError(f"matrices of {[each.shape for each in matrices]}")

    def named(name: str) -> Floats:
        return found[at + name]

    return {
        "qkv": np.concatenate([query, key, value], axis=1),
        "qkv_bias": np.concatenate([named(f"attention.self.{each}.bias") for each in ("query", "key", "value")]),
        "out": out,
        "out_bias": named("attention.output.dense.bias"),
        "norm1": named("attention.output.LayerNorm.weight"),
        "norm1_bias": named("attention.output.LayerNorm.bias"),
        "up": up,
        "up_bias": named("intermediate.dense.bias"),
        "down": down,
        "down_bias": named("output.dense.bias"),
        "norm2": named("output.LayerNorm.weight"),
        "norm2_bias": named("output.LayerNorm.bias"),
    }


def _head(width: int, seed: int) -> Weights:
    head = np.random.default_rng(seed).normal(scale=0.02, size=(2 * width, len(CLASSES)))
    return {"head": head.astype(np.float32), "head_bias": np.zeros(len(CLASSES), np.float32)}


def invented(vocabulary: int, seed: int, width: int = HEAD_WIDTH, layers: int = 1, longest: int = 16) -> Weights:
    """Small random weights: an encoder that has learned nothing, for tests and dry runs."""
    rng = np.random.default_rng(seed)

    def random(*shape: int) -> Floats:
        return rng.normal(scale=0.15, size=shape).astype(np.float32)

    def norms(*names: str) -> Weights:
        return {n: np.ones(width, np.float32) for n in names} | {
            f"{n}_bias": np.zeros(width, np.float32) for n in names
        }

    shapes = {
        "qkv": (width, 3 * width),
        "out": (width, width),
        "up": (width, 2 * width),
        "down": (2 * width, width),
    }
    made = [
        {name: random(*shape) for name, shape in shapes.items()}
        | {f"{name}_bias": random(shape[1]) for name, shape in shapes.items()}
        | norms("norm1", "norm2")
        for _ in range(layers)
    ]
    return {
        "words": random(vocabulary, width),
        "places": random(longest, width),
        **norms("norm"),
        "layers": made,
        "head": random(2 * width, len(CLASSES)),
        "head_bias": random(len(CLASSES)),
    }
