"""Rules of training as a Dagster resource.

Not here: training (ml/train.py).
"""

from __future__ import annotations

import dagster as dg


class Training(dg.ConfigurableResource[None]):
    """What a training may keep.

    Attributes:
        word_authors: different people who must have written a word of the next-word model.
    """

    word_authors: int = 3
