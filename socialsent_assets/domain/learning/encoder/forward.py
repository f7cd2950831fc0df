"""What an encoder computes, in JAX, for training it and for checking the file that it becomes.

Not here: the same as an ONNX graph (onnx_graph.py), the loop of training (fine_tuning.py).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from socialsent_assets.domain.learning.encoder.weights import HEAD_WIDTH, Weights

__all__ = ["forward"]

_DROPPED = 0.1
_NEVER = -1e9
_EPSILON = 1e-12


def forward(weights: Weights, ids: Any, there: Any, key: Any = None) -> Any:
    """Scores, float32, shape (n, 3).

    Args:
        weights: arrays of NumPy or JAX.
        ids: rows of `words`, int, shape (n, t).
        there: bool, shape (n, t): false for padding.
        key: of JAX, for dropout while training; None answers.
    """
    first, last = (None, None) if key is None else jax.random.split(key)
    posts, length = ids.shape
    x = jnp.asarray(weights["words"])[ids] + weights["places"][:length]
    x = _dropped(_normed(x, weights, "norm"), first)
    hidden = jnp.where(there, 0.0, _NEVER)[:, None, None, :]
    for layer in weights["layers"]:
        x = _layer(x, layer, hidden, posts, length)
    shown = there[..., None]
    mean = (x * shown).sum(1) / shown.sum(1)
    pooled = jnp.concatenate([mean, jnp.where(shown, x, _NEVER).max(1)], axis=-1)
    return _dropped(pooled, last) @ weights["head"] + weights["head_bias"]


def _layer(x: Any, layer: Weights, hidden: Any, posts: int, length: int) -> Any:
    width = x.shape[-1]
    heads = width // HEAD_WIDTH
    read = (x @ layer["qkv"] + layer["qkv_bias"]).reshape(posts, length, 3, heads, HEAD_WIDTH)
    query, key, value = (read[:, :, part] for part in range(3))
    fit = jnp.einsum("bthd,bshd->bhts", query, key) * HEAD_WIDTH**-0.5 + hidden
    said = jnp.einsum("bhts,bshd->bthd", jax.nn.softmax(fit, axis=-1), value).reshape(posts, length, width)
    x = _normed(x + said @ layer["out"] + layer["out_bias"], layer, "norm1")
    inner = jax.nn.gelu(x @ layer["up"] + layer["up_bias"], approximate=False)
    return _normed(x + inner @ layer["down"] + layer["down_bias"], layer, "norm2")


def _normed(x: Any, weights: Weights, name: str) -> Any:
    x = x - x.mean(-1, keepdims=True)
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + _EPSILON) * weights[name] + weights[f"{name}_bias"]


def _dropped(x: Any, key: Any) -> Any:
    if key is None:
        return x
    return x * jax.random.bernoulli(key, 1 - _DROPPED, x.shape) / (1 - _DROPPED)
