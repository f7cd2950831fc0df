"""The models: learned from cleansed text and human labels, kept as candidates; a person, or the first run, promotes.

Upstream of analytics, because scoring uses the champion. A new candidate changes no hour, and neither
does a promotion: `socialsent materialize --hours FROM..TO` scores hours again.

Not here: what is trained and how (ml/train.py, domain/learning/), when (automation.py).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from socialsent_assets.defs.landing import LABELS
from socialsent_assets.defs.metadata import OWNERS
from socialsent_assets.domain.tables import COMMENTS, POSTS
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.training import Training

if TYPE_CHECKING:
    from socialsent_assets.domain.learning.model_card import ModelCard

BIGRAM = dg.AssetKey(["models", "bigram"])
CLASSIFIER = dg.AssetKey(["models", "sentiment_classifier"])
GATE = "gate"
_TEXTS = [dg.AssetKey(table.asset_key) for table in (POSTS, COMMENTS)]
_PROMISE = "Better than every baseline by more than noise, and not worse than the champion, so it may be promoted."


@dg.multi_asset(
    name="train_bigram",
    specs=[
        dg.AssetSpec(
            BIGRAM,
            deps=_TEXTS,
            description="Next-word model: bigrams of the current texts with modified Kneser-Ney smoothing.",
            group_name="models",
            kinds={"numpy"},
            owners=OWNERS,
            code_version="2",
            skippable=True,
        )
    ],
    check_specs=[dg.AssetCheckSpec(GATE, asset=BIGRAM, description=_PROMISE)],
)
def bigram(
    context: dg.AssetExecutionContext, lake: LakeResource, training: Training
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Train on all current texts (of very many, a fixed share) and keep the candidate."""
    from socialsent_assets.defs.ml.metadata import next_words_metadata
    from socialsent_assets.lake.lexicon_corrections import read_corrections
    from socialsent_assets.ml.corpus import read_corpus
    from socialsent_assets.ml.train import TooLittleToLearnError, keep, train_next_words

    opened = lake.open()
    corpus = read_corpus(opened)
    context.log.info(f"{len(corpus)} current texts, {corpus.share:.0%} of the ids")
    try:
        made = train_next_words(corpus, _now(), read_corrections(opened.artifacts), training.word_authors)
    except TooLittleToLearnError as error:
        yield _not_made(BIGRAM, error)
        return
    digest = keep(opened, made.candidate)
    yield dg.MaterializeResult(
        asset_key=BIGRAM,
        metadata={"digest": digest, **next_words_metadata(made)},
        data_version=dg.DataVersion(digest),
    )
    yield _gate(BIGRAM, digest, made.candidate.card)


@dg.multi_asset(
    name="train_classifier",
    specs=[
        dg.AssetSpec(
            CLASSIFIER,
            deps=[*_TEXTS, LABELS],
            description="Sentiment classifier, trained on human labels, or on weak labels by the lexicon.",
            group_name="models",
            kinds={"scikitlearn"},
            owners=OWNERS,
            code_version="1",
            skippable=True,
        )
    ],
    check_specs=[dg.AssetCheckSpec(GATE, asset=CLASSIFIER, description=_PROMISE)],
)
def sentiment_classifier(
    context: dg.AssetExecutionContext, lake: LakeResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Train on the lake's labels, measure beside baselines and champion on held-out authors, keep the candidate."""
    from socialsent_assets.defs.ml.metadata import classifier_metadata
    from socialsent_assets.ml.corpus import read_corpus
    from socialsent_assets.ml.train import TooLittleToLearnError, keep, train_classifier
    from socialsent_assets.ml.training_set import labelled_lake

    opened = lake.open()
    corpus = read_corpus(opened)
    try:
        made = train_classifier(opened, corpus, labelled_lake(opened, corpus), _now(), context.log.info)
    except TooLittleToLearnError as error:
        yield _not_made(CLASSIFIER, error)
        return
    if made.card.is_weak:
        context.log.warning(
            "WEAK LABELS: the lexicon labelled these posts, so these figures measure agreement, not accuracy"
        )
    digest = keep(opened, made)
    context.log.info(f"{digest[:12]}: {made.card.headline}")
    yield dg.MaterializeResult(
        asset_key=CLASSIFIER,
        metadata={"digest": digest, **classifier_metadata(made.card, made.files)},
        data_version=dg.DataVersion(digest),
    )
    yield _gate(CLASSIFIER, digest, made.card)


def _gate(key: dg.AssetKey, digest: str, card: "ModelCard") -> dg.AssetCheckResult:
    """A warning, never a stop: a candidate that does not pass is not promoted, and the champion goes on scoring."""
    from socialsent_assets.domain.learning.model_card import obstacles

    against = obstacles(card)
    next_step = f"{card.headline}; socialsent models promote {digest[:12]}"
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=GATE,
        passed=not against,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{digest[:12]}: {'; '.join(against) or next_step}",
    )


def _not_made(key: dg.AssetKey, error: Exception) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key, check_name=GATE, passed=False, severity=dg.AssetCheckSeverity.WARN, description=str(error)
    )


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
