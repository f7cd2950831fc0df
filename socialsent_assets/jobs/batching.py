"""Many hours in few runs: consecutive items cut into slices of bounded size.

Each Spark run has a fixed cost, so hours go together; a slice bounds what a kill makes to do again, and the plan.

Not here: what the sizes mean (cleanse.py, score.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def in_slices(
    items: Sequence[Item], size: Callable[[Item], int], most: int, items_most: int = 200
) -> Iterator[list[Item]]:
    """Slices, in order, of at most `items_most` items and, but for a single larger item, of size `most`."""
    slice_: list[Item] = []
    total = 0
    for item in items:
        if slice_ and (len(slice_) >= items_most or total + size(item) > most):
            yield slice_
            slice_, total = [], 0
        slice_.append(item)
        total += size(item)
    if slice_:
        yield slice_
