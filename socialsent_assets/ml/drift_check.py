"""Drift of given hours against the champion's card: do its texts still look like those it learned from?

Not here: the index and its threshold (domain/learning/drift.py), what follows from it (defs/checks/, defs/ml/).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import SENTIMENT
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.quality import Verdict
from socialsent_assets.lake.table_rows import rows_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_TEXTS_READ = 5000  # whose words are looked up; labels and polarity are counted over all rows


def no_drift(lake: Lake, hours: Sequence[EventHour]) -> Verdict:
    """Whether label mix, polarity and vocabulary of these hours' texts are within the threshold of the champion's.

    Passes with a reason where there is nothing to compare: no champion, one whose card is older than profiles, or
    too few texts. The profile of a model that was trained elsewhere is that of its own training texts.
    """
    # Every process that loads the graph imports this module; learning costs it a second of imports.
    from socialsent_assets.domain.learning.drift import FEWEST_TEXTS, THRESHOLD, Profile, profile, shifts
    from socialsent_assets.domain.learning.model_card import CLASSIFIER
    from socialsent_assets.ml.registry import ModelRegistry

    registry = ModelRegistry(lake.artifacts)
    digest = registry.champion_digest(CLASSIFIER)
    if digest is None:
        return Verdict(True, "not measured: no classifier was promoted yet")
    described = registry.card(CLASSIFIER, digest).data.get("profile")
    if described is None:
        return Verdict(True, f"not measured: champion {digest[:12]} has a card without a profile: train it again")
    polarity, sentiments, texts = _read(lake, hours)
    if len(sentiments) < FEWEST_TEXTS:
        return Verdict(
            True,
            f"not measured: {len(sentiments)} texts, chance alone moves the index below {FEWEST_TEXTS}",
            {"texts": len(sentiments)},
        )
    now = profile(polarity, sentiments, texts, _vocabulary(lake, digest))
    found = shifts(now, Profile.from_json(described))
    beyond = [name for name, value in found.items() if value > THRESHOLD]
    numbers = ", ".join(f"{name} {value:.3f}" for name, value in found.items())
    advice = "; a retrained candidate may do better: socialsent materialize --select group:models" if beyond else ""
    return Verdict(
        not beyond,
        f"population stability of {len(sentiments)} texts against champion {digest[:12]}: {numbers} "
        f"(limit {THRESHOLD}){advice}",
        {**found, "texts": len(sentiments)},
    )


def _read(lake: Lake, hours: Sequence[EventHour]) -> tuple[npt.NDArray[np.float64], list[str], list[str]]:
    """Polarity and sentiment of every row in the lexicon's languages, and texts of some, always the same ones."""
    import numpy as np

    with rows_of(lake, SENTIMENT, hours, read_builds(lake).scored_pins) as connection:
        scored = "from rows where not deleted and clean_text <> '' and unscored_reason is null"
        rows = connection.execute(f"select polarity, sentiment {scored}").fetchall()
        texts = connection.execute(
            f"select clean_text {scored} order by md5(event_id) limit {_TEXTS_READ}"
        ).fetchall()
    return np.array([p for p, _ in rows], float), [mood for _, mood in rows], [text for (text,) in texts]


def _vocabulary(lake: Lake, digest: str) -> frozenset[str]:
    from socialsent_assets.domain.learning.classifier import Classifier
    from socialsent_assets.domain.learning.model_card import CLASSIFIER
    from socialsent_assets.ml.registry import ModelRegistry

    model = ModelRegistry(lake.artifacts).read(CLASSIFIER, digest)
    return frozenset(Classifier.load(model.files).words.vocabulary)
