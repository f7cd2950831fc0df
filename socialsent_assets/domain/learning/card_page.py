"""A model card as a Markdown page: every number with its unit, its noise, and the baselines beside it.

Not here: what a card holds and who may trust it (model_card.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socialsent_assets.domain.learning.model_card import BIGRAM, ModelCard

__all__ = ["PAGE", "markdown"]

PAGE = "card.md"
_WEAK_WARNING = """> **WEAK LABELS.** The lexicon itself labelled the posts that this model learned from and is
> measured on. Every number below is agreement with the lexicon, not truth: on human labels such a model is
> usually *worse* than the lexicon. Import human labels (`socialsent labels import`) and train again.
"""


def markdown(card: ModelCard) -> str:
    """The page, ending in a line break."""
    parts = [
        f"# {card.kind.replace('_', ' ').capitalize()}\n\n{card.headline[0].upper()}{card.headline[1:]}.\n",
        _WEAK_WARNING if card.is_weak else "",
        _bigram_metrics(card) if card.kind == BIGRAM else _classifier_metrics(card),
        _section("What it learned from", {"Labels by": card.label_source or "none (no labels needed)", **card.data}),
        _section("How it was chosen", card.choice),
        _section(
            "Made with",
            {
                "Created": card.created_at,
                "Text version": card.text_version,
                "Features version": card.features_version,
                "Scorer": card.scorer_version,
                **card.libraries,
            },
        ),
        _section("Files (SHA-256)", card.files),
    ]
    return "\n".join(part for part in parts if part)


def _bigram_metrics(card: ModelCard) -> str:
    found = card.metrics
    return (
        "## How good it is\n\nPerplexity on held-out text, lower is better; unknown words count as one type "
        f"({100 * found['unknown_share']:.1f} % of the tokens).\n\n"
        "| model | perplexity |\n|---|---|\n"
        f"| **bigrams, modified Kneser-Ney** | **{found['value']:.1f}** |\n"
        f"| add-one bigrams | {found['laplace_bigram']:.1f} |\n"
        f"| add-one unigrams | {found['laplace_unigram']:.1f} |\n"
    )


def _classifier_metrics(card: ModelCard) -> str:
    found = card.metrics
    rows = [("**this model**", found), *card.baselines.items()]
    table = "\n".join(
        f"| {name} | {_share(m['macro_recall'])} | {_share(m['macro_f1'])} | {_share(m['accuracy'])} "
        f"| {_gain(card, name)} |"
        for name, m in rows
    )
    classes = "\n".join(
        f"| {name} | {100 * s['precision']:.1f} | {100 * s['recall']:.1f} | {100 * s['f1']:.1f} | {s['support']:,} |"
        for name, s in found["per_class"].items()
    )
    confusion = "\n".join(
        f"| **{name}** | " + " | ".join(f"{n:,}" for n in row) + " |"
        for name, row in zip(card.classes, found["confusion"], strict=True)
    )
    error = found["calibration_error"]
    calibration = "" if error is None else f"\nExpected calibration error: {100 * error:.1f} points (ten bins).\n"
    return (
        f"## How good it is\n\nOn {found['posts']:,} held-out posts, in percent, with 95 % bootstrap intervals. "
        "The gain is in points of macro recall over the baseline, on the same posts.\n\n"
        f"| | macro recall | macro F1 | accuracy | gain |\n|---|---|---|---|---|\n{table}\n\n"
        f"| class | precision | recall | F1 | posts |\n|---|---|---|---|---|\n{classes}\n\n"
        f"| label, then predicted | {' | '.join(card.classes)} |\n|---|{'---|' * len(card.classes)}\n{confusion}\n"
        f"{calibration}"
        f"{_reliability(found)}"
        "Probabilities are calibrated for equally frequent classes; the label is the most likely class.\n"
        f"{_discordance(found)}{_slices(found)}{_behaviour(found)}"
    )


def _reliability(found: Mapping[str, Any]) -> str:
    rows = "\n".join(
        f"| {100 * each['confidence']:.0f} | {100 * each['accuracy']:.0f} | {each['posts']:,} |"
        for each in found["calibration"]
    )
    return f"\n| sure, in percent | right, in percent | posts |\n|---|---|---|\n{rows}\n\n" if rows else ""


def _discordance(found: Mapping[str, Any]) -> str:
    pair = found.get("discordance")
    if pair is None:
        return ""
    return (
        f"\nAgainst the champion, post by post: {pair['only_ours']:,} posts only this model gets right, "
        f"{pair['only_theirs']:,} only the champion (McNemar's exact test: p = {pair['p_value']:.3g}).\n"
    )


def _slices(found: Mapping[str, Any]) -> str:
    rows = "\n".join(
        f"| {_cell(name)} | {each['posts']:,} | {_share(each['macro_recall'])} | {100 * each['lexicon']:.1f} "
        f"| {_interval(each['against_champion'])} |"
        for name, each in found.get("slices", {}).items()
    )
    if not rows:
        return ""
    return (
        "\n## By slice\n\nMacro recall in percent, over the classes that occur; a post can be in many slices. The "
        "gain on the champion has an interval that is wider the more slices there are.\n\n"
        f"| slice | posts | macro recall | lexicon | gain on the champion |\n|---|---|---|---|---|\n{rows}\n"
    )


def _behaviour(found: Mapping[str, Any]) -> str:
    suite = found.get("behaviour")
    if suite is None:
        return ""
    rows = "\n".join(
        f"| {name} | {group['passed']} of {group['sentences']} | {group['lexicon_passed']} |"
        for name, group in suite["groups"].items()
    )
    failed = "\n".join(f"- {each['answered']}, not {each['expected']}: {each['text']}" for each in suite["failed"])
    return (
        f"\n## Behaviour\n\n{suite['passed']} of {suite['sentences']} invented sentences that leave no doubt; "
        f"the lexicon passes {suite['lexicon_passed']}.\n\n"
        f"| what they try | this model | lexicon |\n|---|---|---|\n{rows}\n"
        + (f"\nFailed:\n\n{failed}\n" if failed else "")
    )


def _interval(gain: Mapping[str, float] | None) -> str:
    if gain is None:
        return ""
    return f"{100 * gain['value']:+.1f} [{100 * gain['low']:+.1f}, {100 * gain['high']:+.1f}]"


def _cell(name: str) -> str:
    """A topic is the source's words: no pipe may end a cell of the table, no sign begin an element."""
    return name.replace("|", "/").replace("<", "‹").replace("\n", " ")


def _share(found: Mapping[str, float]) -> str:
    return f"{100 * found['value']:.1f} [{100 * found['low']:.1f}, {100 * found['high']:.1f}]"


def _gain(card: ModelCard, name: str) -> str:
    return _interval(card.gains.get(name))


def _section(title: str, entries: Mapping[str, Any]) -> str:
    rows = "\n".join(f"- {name.replace('_', ' ')}: {_plain(value)}" for name, value in entries.items())
    return f"## {title}\n\n{rows}\n" if rows else ""


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(inner)}" for key, inner in value.items())
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
