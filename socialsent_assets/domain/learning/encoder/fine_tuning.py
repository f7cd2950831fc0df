"""Fine-tuning of an encoder on labelled posts: seeded, resumable, in JAX on the cores of one machine.

Each class is a third of what is learned from, so that scores suit macro recall. Words move only when they occur,
which spares most of the work of Adam. The best state on held-out posts is kept, not the last.

Not here: the network (forward.py), the file that it becomes (onnx_graph.py), the command (cli/fine_tune.py).
"""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.learning.encoder.encoder import as_read
from socialsent_assets.domain.learning.encoder.weights import Weights
from socialsent_assets.domain.learning.labels import CLASSES, LabelledPosts

__all__ = ["FineTuned", "Plan", "fine_tune"]

WIDTHS = (16, 22, 28, 34, 42, 64)
"""Lengths in tokens that a batch is filled up to: each is compiled once."""

_ANSWERED = 128  # posts a batch, when nothing is learned
_SMOOTHED = 0.1
_BETAS = (0.9, 0.999)
_DECAY = 0.01


class Plan(NamedTuple):
    """What decides the weights, besides the posts and the starting weights.

    Attributes:
        steps: batches to learn from.
        rate: highest learning rate, after a sixteenth of the steps; it falls to a fiftieth of it.
        batch: posts in a batch.
        seed: of order, head and dropout.
        measured_every: steps between two states kept, and in the second half between two looks at the held-out posts.
    """

    steps: int = 1400
    rate: float = 1.5e-4
    batch: int = 32
    seed: int = 7
    measured_every: int = 100


@dataclass(frozen=True)
class FineTuned:
    """What was learned.

    Attributes:
        weights: of the best state.
        macro_recall: of it on the held-out posts, 0..1; chosen on them, so a little too high.
        step: at which it was reached.
    """

    weights: Weights
    macro_recall: float
    step: int


class _Progress(NamedTuple):
    step: int
    best: float
    best_step: int


def fine_tune(
    start: Weights,
    tokenizer: Any,
    posts: LabelledPosts,
    held_out: LabelledPosts,
    plan: Plan,
    state: Path,
    say: Callable[[str], object],
) -> FineTuned:
    """Train all weights. Takes about 0.5 CPU-s and, for three layers of 384, 1.5 GB a step of 32 posts.

    Args:
        start: weights to begin with.
        tokenizer: of the `tokenizers` library, that cuts texts off at the longest that `start` has places for.
        posts: to learn from; texts that are also held out are left out.
        held_out: to choose the best state on.
        plan: see there.
        state: file in which the run is kept, and from which one that was stopped goes on. Deleted at the end.
        say: receives lines about progress.

    Raises:
        UserError: too few posts, or `state` is of another run.
    """
    import jax

    learned = posts.without(held_out)
    if min(learned.counts().values(), default=0) == 0 or not len(held_out):
        raise UserError("fine-tuning needs labelled posts of each class to learn from, and others to measure on")
    ids, batches = _tokens(tokenizer, learned), []
    batches = list(_batches([len(each) for each in ids], learned.labels, plan))
    if not batches:
        raise UserError(f"{len(learned):,} posts are fewer than a batch of {plan.batch}")
    learner = _Learner(len(batches), plan)
    weights = jax.tree.map(jax.numpy.array, start)
    carried = (weights, learner.begin(weights), _copied(weights))  # a step gives its own weights up
    kept = _State(state, _digest_of(start, ids, learned.labels, plan))
    carried, progress = kept.restored(carried)
    weights, moments, best = carried
    if progress.step:
        say(f"going on after step {progress.step:,} of {len(batches):,}")
    began, first, loss = time.monotonic(), progress.step, 0.0
    held_ids = _tokens(tokenizer, held_out)
    for step in range(progress.step + 1, len(batches) + 1):
        rows = batches[step - 1]
        weights, moments, now = learner.step(weights, moments, [ids[row] for row in rows], learned.labels[rows], step)
        loss = now if not loss else 0.98 * loss + 0.02 * now
        is_last = step == len(batches)
        if step % plan.measured_every == 0 or is_last:
            progress = progress._replace(step=step)
            if step >= len(batches) // 2:
                found = _recall(held_out.labels, learner.scores(weights, held_ids))
                if found > progress.best:
                    best, progress = _copied(weights), _Progress(step, found, step)
                say(f"step {step:,}: macro recall {100 * found:.2f} % on {len(held_out):,} held-out posts")
            kept.keep((weights, moments, best), progress)
        if step % 50 == 0 or is_last:
            left = (time.monotonic() - began) / (step - first) * (len(batches) - step)
            say(f"step {step:,} of {len(batches):,}: loss {loss:.3f}, {left / 60:.0f} min left")
    state.unlink(missing_ok=True)
    return FineTuned(jax.tree.map(np.asarray, best), progress.best, progress.best_step)


def _copied(weights: Weights) -> Weights:
    import jax

    copied: Weights = jax.tree.map(lambda each: each.copy(), weights)
    return copied


def _tokens(tokenizer: Any, posts: LabelledPosts) -> list[npt.NDArray[np.int32]]:
    texts = [as_read(text) for text in posts.texts]
    return [np.array(each.ids, np.int32) for each in tokenizer.encode_batch_fast(texts)]


def _batches(lengths: Sequence[int], labels: npt.NDArray[np.int64], plan: Plan) -> Iterator[npt.NDArray[np.int64]]:
    """Rows of each batch, of like length: each class a third, and no post again before all of its class were seen."""
    rng = np.random.default_rng(plan.seed)
    each = plan.steps * plan.batch // len(CLASSES)
    chosen = []
    for number in range(len(CLASSES)):
        mine = np.flatnonzero(labels == number)
        chosen.append(np.concatenate([rng.permutation(mine) for _ in range(1 + each // len(mine))])[:each])
    waiting: dict[int, list[int]] = {width: [] for width in WIDTHS}
    for row in np.stack(chosen, axis=1).ravel():
        queue = waiting[_width(lengths[row])]
        queue.append(int(row))
        if len(queue) == plan.batch:
            yield np.array(queue)
            queue.clear()


def _width(length: int) -> int:
    return next((width for width in WIDTHS if length <= width), WIDTHS[-1])


def _recall(labels: npt.NDArray[np.int64], scores: npt.NDArray[np.float32]) -> float:
    said = scores.argmax(axis=1)
    return float(np.mean([(said[labels == number] == number).mean() for number in np.unique(labels)]))


def _filled(ids: Sequence[npt.NDArray[np.int32]], rows: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Texts as a table of `rows`, and which of its cells hold a token; an empty row holds one of no meaning."""
    width = _width(max(len(each) for each in ids))
    table, there = np.zeros((rows, width), np.int32), np.zeros((rows, width), bool)
    there[:, 0] = True
    for row, each in enumerate(ids):
        table[row, : len(each)], there[row, : len(each)] = each[:width], True
    return table, there


class _Learner:
    """One step of Adam with decoupled weight decay, and answers, both compiled."""

    def __init__(self, steps: int, plan: Plan) -> None:
        import jax
        import optax

        from socialsent_assets.domain.learning.encoder.forward import forward

        jax.config.update("jax_default_prng_impl", "unsafe_rbg")  # type: ignore[no-untyped-call]  # threefry is slow
        self._batch, self._key = plan.batch, jax.random.key(plan.seed)
        self._rate = optax.warmup_cosine_decay_schedule(0, plan.rate, max(1, steps // 16), steps, plan.rate / 50)
        self._adam = optax.adamw(self._rate, *_BETAS, weight_decay=_DECAY)
        self._step = jax.jit(partial(_step, self._adam, self._rate), donate_argnums=(0, 1))
        self._answer = jax.jit(forward)

    def begin(self, weights: Weights) -> Any:
        import jax.numpy as jnp

        rest = {name: each for name, each in weights.items() if name != "words"}
        moments = (jnp.zeros_like(weights["words"]), jnp.zeros_like(weights["words"]))
        return self._adam.init(rest), moments, jnp.zeros((), jnp.int32)

    def step(
        self, weights: Weights, moments: Any, ids: Sequence[npt.NDArray[np.int32]], labels: Any, number: int
    ) -> tuple[Weights, Any, float]:
        import jax

        table, there = _filled(ids, self._batch)
        used, places = np.unique(table, return_inverse=True)
        beyond = np.full(
            table.size - len(used), len(weights["words"]), used.dtype
        )  # one size a width; JAX drops them
        rows = np.concatenate([used, beyond])
        key = jax.random.fold_in(self._key, number)
        weights, moments, loss = self._step(
            weights, moments, rows, places.reshape(table.shape), there, np.asarray(labels), key
        )
        return weights, moments, float(loss)

    def scores(self, weights: Weights, ids: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        found = np.zeros((len(ids), len(CLASSES)), np.float32)
        order = np.argsort([len(each) for each in ids], kind="stable")
        for start in range(0, len(order), _ANSWERED):
            rows = order[start : start + _ANSWERED]
            table, there = _filled([ids[row] for row in rows], _ANSWERED)
            found[rows] = np.asarray(self._answer(weights, table, there))[: len(rows)]
        return found


def _step(
    adam: Any, rate: Any, weights: Weights, moments: Any, used: Any, ids: Any, there: Any, labels: Any, key: Any
) -> Any:
    """`used`: rows of `words` in this batch, in which `ids` counts; those beyond the table are dropped."""
    import jax
    import jax.numpy as jnp
    import optax

    from socialsent_assets.domain.learning.encoder.forward import forward

    rest = {name: each for name, each in weights.items() if name != "words"}
    target = jax.nn.one_hot(labels, len(CLASSES)) * (1 - _SMOOTHED) + _SMOOTHED / len(CLASSES)

    def loss_of(rest: Weights, words: Any) -> Any:
        scores = forward({**rest, "words": words}, ids, there, key)
        return -(jax.nn.log_softmax(scores) * target).sum(-1).mean()

    loss, (slope, slope_words) = jax.value_and_grad(loss_of, argnums=(0, 1))(rest, weights["words"][used])
    size = jnp.sqrt(optax.tree.norm(slope, squared=True) + (slope_words**2).sum())
    slope, slope_words = jax.tree.map(lambda each: each * jnp.minimum(1.0, 1.0 / size), (slope, slope_words))
    state, (mean, square), count = moments
    moved, state = adam.update(slope, state, rest)
    now = rate(count)
    count = count + 1
    first = _BETAS[0] * mean[used] + (1 - _BETAS[0]) * slope_words
    second = _BETAS[1] * square[used] + (1 - _BETAS[1]) * slope_words**2
    shift = now * (first / (1 - _BETAS[0] ** count)) / (jnp.sqrt(second / (1 - _BETAS[1] ** count)) + 1e-8)
    words = weights["words"].at[used].add(-shift, mode="drop")
    means = (mean.at[used].set(first, mode="drop"), square.at[used].set(second, mode="drop"))
    return {**optax.apply_updates(rest, moved), "words": words}, (state, means, count), loss


# --------------------------------------------------------------------------------------------------- states


def _digest_of(
    start: Weights, ids: Sequence[npt.NDArray[np.int32]], labels: npt.NDArray[np.int64], plan: Plan
) -> str:
    import jax

    found = hashlib.sha256(repr(plan).encode())
    for each in (*jax.tree.leaves(start), labels, *ids):
        found.update(np.ascontiguousarray(each).data)
    return found.hexdigest()


@dataclass(frozen=True)
class _State:
    """The file of an unfinished run: arrays, and the digest of what it is a run of."""

    path: Path
    digest: str

    def keep(self, carried: Any, progress: _Progress) -> None:
        import jax

        leaves = {f"leaf{number}": np.asarray(each) for number, each in enumerate(jax.tree.leaves(carried))}
        content = io.BytesIO()
        np.savez(content, digest=np.array(self.digest), progress=np.array(progress), **leaves)  # type: ignore[arg-type]
        part = self.path.with_suffix(".part")
        part.write_bytes(content.getbuffer())
        os.replace(part, self.path)

    def restored(self, carried: Any) -> tuple[Any, _Progress]:
        import jax

        if not self.path.exists():
            return carried, _Progress(0, 0.0, 0)
        try:
            with np.load(self.path, allow_pickle=False) as stored:
                found = {name: stored[name] for name in stored.files}
            if str(found["digest"]) != self.digest:
                raise UserError(
                    f"{self.path} is of a run with other posts, weights or settings: delete it, or give those again"
                )
            leaves = [jax.numpy.array(found[f"leaf{number}"]) for number in range(len(jax.tree.leaves(carried)))]
            step, best, best_step = found["progress"].tolist()
        except (KeyError, ValueError, OSError, EOFError) as error:
            raise UserError(f"{self.path} is damaged: delete it, and the run begins again ({error!r})") from error
        return jax.tree.unflatten(jax.tree.structure(carried), leaves), _Progress(int(step), best, int(best_step))
