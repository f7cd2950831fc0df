"""The champion classifier inside a Spark job: verified once by the driver, opened once by every worker.

Workers get the address and the digest of the model, never the model: they read and verify it themselves, so
what answers is what the driver saw, and a task carries a few bytes.

Not here: what the classifier computes (domain/learning/classifier.py), which model is champion
(ml/registry.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.storage.open import storage_at

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from socialsent_assets.domain.learning.cascade import SentimentModel

_WAYS_OUT = (
    "Scoring stops rather than leave predictions out. Go back with `socialsent models rollback`, or train on this "
    "lake with `socialsent materialize --select group:models` and then `socialsent models promote DIGEST`"
)


@dataclass(frozen=True)
class Champion:
    """A verified classifier of the artifacts tier at `uri`.

    Attributes:
        uri: of the tier.
        digest: of the model.
        alone: whether the linear classifier of a cascade answers without its encoder: every worker does as the
            driver.
    """

    uri: str
    digest: str
    alone: bool = False

    @property
    def version(self) -> str:
        """What `model_version` holds: another one where the encoder does not help, as answers differ."""
        from socialsent_assets.domain.learning.cascade import ALONE

        return f"{self.digest}{ALONE}" if self.alone else self.digest

    def columns(self, texts: pa.Array, readable: npt.NDArray[np.bool_]) -> Mapping[str, pa.Array]:
        """Predictions for clean texts, null where `readable`, shape (n,), is false; runs in a worker.

        predicted_sentiment, predicted_probability (of it), predicted_<class>_probability for each class,
        predicted_polarity (positive minus negative, four decimals) and model_version.
        """
        import numpy as np
        import pyarrow as pa

        from socialsent_assets.domain.learning.labels import CLASSES

        probabilities = np.zeros((len(texts), len(CLASSES)))
        answered = texts.filter(pa.array(readable))
        if len(answered):
            probabilities[readable] = _opened(self.uri, self.digest, self.alone).probabilities(answered)
        mask = ~readable
        of = {name: probabilities[:, place] for place, name in enumerate(CLASSES)}
        return {
            "predicted_sentiment": pa.array(np.array(CLASSES)[probabilities.argmax(axis=1)], pa.string(), mask=mask),
            "predicted_probability": pa.array(probabilities.max(axis=1, initial=0.0), mask=mask),
            **{f"predicted_{name}_probability": pa.array(column, mask=mask) for name, column in of.items()},
            "predicted_polarity": pa.array((of["positive"] - of["negative"]).round(4), mask=mask),
            "model_version": pa.array(np.full(len(texts), self.version), pa.string(), mask=mask),
        }


def champion_of(artifacts: Storage) -> Champion | None:
    """The champion, verified and readable; None when nothing was promoted yet.

    Raises:
        ModelRefusedError: there is one, but it is damaged, or was made for other text or by another version; the
            message names the next step.
    """
    from socialsent_assets.domain.learning.cascade import answers_alone, opened
    from socialsent_assets.domain.learning.classifier import UnreadableModelError
    from socialsent_assets.domain.learning.model_card import CLASSIFIER, ModelRefusedError
    from socialsent_assets.ml.registry import ModelRegistry

    registry = ModelRegistry(artifacts)
    try:
        digest = registry.champion_digest(CLASSIFIER)
        if digest is None:
            return None
        files = registry.read(CLASSIFIER, digest).files
        opened(files)
    except (UserError, UnreadableModelError) as error:
        raise ModelRefusedError(f"the champion cannot be used: {error}. {_WAYS_OUT}") from error
    return Champion(artifacts.uri, digest, answers_alone(files))


@lru_cache(maxsize=1)
def _opened(uri: str, digest: str, alone: bool) -> SentimentModel:
    from socialsent_assets.domain.learning.cascade import answers_alone, opened
    from socialsent_assets.domain.learning.model_card import CLASSIFIER, ModelRefusedError
    from socialsent_assets.ml.registry import ModelRegistry

    files = ModelRegistry(storage_at(uri)).read(CLASSIFIER, digest).files
    if answers_alone(files) and not alone:
        raise ModelRefusedError(
            f"champion {digest[:12]} is a cascade, and this worker has no onnxruntime: install the extra `encoder` "
            "where the workers run, or nowhere"
        )
    classifier = opened(files, alone)
    classifier.prepare()  # even for few texts: an hour's last bits must not depend on the hours scored before it
    return classifier
