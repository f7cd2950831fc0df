"""The command `explain`: the reasons of a score and a prediction, as lines to read or as JSON.

Not here: what the reasons are (domain/learning/explanation.py).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socialsent_assets.cli import text_stream
from socialsent_assets.cli.lexicon import corrections_of_the_lake

if TYPE_CHECKING:
    from socialsent_assets.domain.learning.cascade import SentimentModel

LINES = 12
"""Words that are shown for each answer, the strongest."""
_WIDTH = 28


class Format(StrEnum):
    """How the reasons are written."""

    text = "text"
    json = "json"


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command()(explain)


def explain(
    texts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TEXT… | -]", help="The texts; - reads one text per line from stdin."),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="text: lines to read; json: one object per text, with every sum.")
    ] = Format.text,
    model: Annotated[
        Path | None, typer.Option(help="Model folder; without it the champion answers.", show_default=False)
    ] = None,
) -> None:
    """Explain the score of a text: words and rules of the lexicon, features of the classifier.

    Texts are cleaned as the pipeline does. What the lexicon's words add sums to the polarity; what the features and
    the intercept add sums to the logit of each class, whose softmax are the probabilities.

    Try:

        socialsent explain "The new tram line is NOT bad at all 🚋"

        socialsent explain --format json - < posts.txt
    """
    from socialsent_assets.domain.learning.explanation import explain as reasons_of

    classifier, corrections = classifier_or_none(model), corrections_of_the_lake()

    def answers(batch: list[str]) -> Iterator[str]:
        for text in batch:
            found = reasons_of(text, classifier, corrections=corrections)
            yield json.dumps(found, ensure_ascii=False) if form is Format.json else "\n".join(_lines(found)) + "\n"

    if texts and texts != ["-"]:
        text_stream.answer([[text_stream.argument_text(text)] for text in texts], answers)
        return
    if sys.stdin.isatty():
        sys.stderr.write("One text per line; Ctrl-D ends.\n")
    text_stream.answer(text_stream.arriving(sys.stdin.buffer), answers)


def classifier_or_none(folder: Path | None) -> SentimentModel | None:
    """The classifier of a folder, or the champion; None when nothing was promoted yet.

    Raises:
        UserError: the folder holds no usable model.
        ModelRefusedError: the champion must not answer.
    """
    from socialsent_assets.domain.learning.cascade import opened
    from socialsent_assets.domain.learning.model_card import CLASSIFIER
    from socialsent_assets.lake.lake import Lake
    from socialsent_assets.lake.storage.local import FolderStorage
    from socialsent_assets.ml.registry import ModelRegistry, read_model
    from socialsent_assets.settings import Settings

    if folder is not None:
        return opened(read_model(FolderStorage(folder), "", CLASSIFIER).files)
    registry = ModelRegistry(Lake.of(Settings.from_env()).artifacts)
    if registry.champion_digest(CLASSIFIER) is None:
        return None
    return opened(registry.champion(CLASSIFIER).files)


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield found["text"] if len(found["text"]) <= 300 else f"{found['text'][:300]}…"
    if found["unscored"]:
        yield f"  not scored: the language looks like {found['unscored']}, which is not supported"
        return
    yield from _polarity_lines(found["lexicon"])
    if found["model"] is None:
        yield "  classifier: none is in use yet (socialsent models promote, or --model DIR)"
    else:
        yield from _prediction_lines(found["model"])


def _polarity_lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"  lexicon: {found['sentiment']}, polarity {found['polarity']:+.4f}"
    words = found["words"]
    by_strength = sorted(range(len(words)), key=lambda place: -abs(words[place]["adds"]))
    for word in (words[place] for place in sorted(by_strength[:LINES])):
        name = f"{word['emoji']} ({word['word']})" if word["emoji"] else word["word"]
        yield f"    {word['adds']:+.4f}  {name:{_WIDTH}} {_steps(word['steps'])}"
    rest = [words[place] for place in by_strength[LINES:]]
    count = len(rest) + found["others"]["count"]
    if count:
        adds = sum(word["adds"] for word in rest) + found["others"]["adds"]
        yield f"    {adds:+.4f}  {f'{count:,} other words':{_WIDTH}}"
    if found["emphasis"]["adds"]:
        yield f"    {found['emphasis']['adds']:+.4f}  {'! and ?':{_WIDTH}}"
    if not words:
        yield "    no word of the text is in the lexicon"


def _steps(steps: Sequence[dict[str, Any]]) -> str:
    """`1.9 negation by "not" -3.31`: the valence, and what each rule adds to it."""
    first, *others = steps
    parts = [f"{first['adds']:+.2f} in the lexicon"]
    for step in others:
        by = f' by "{step["by"]}"' if step["by"] and step["by"] != step["rule"] else ""
        parts.append(f"{step['adds']:+.2f} {step['rule']}{by}")
    return ", ".join(parts)


def _prediction_lines(found: dict[str, Any]) -> Iterator[str]:
    label = found["label"]
    shares = ", ".join(f"{name} {100 * p:.1f} %" for name, p in found["probabilities"].items())
    yield f"  classifier: {label} ({shares})"
    if found["is_silent"]:
        yield "    no known word: neutral by definition"
        return
    how = ", by leaving each word out" if found["method"] == "occlusion" else ""
    yield f"    for {label} (+) or against it (-), in logits above the mean of the classes{how}:"
    lines = [(word["word"], _for(label, word["adds"])) for word in found["words"]]
    lines.sort(key=lambda line: -abs(line[1]))  # listed by what they do to any class, shown by this one
    for word, adds in lines[:LINES]:
        yield f"    {adds:+.3f}  {word}"
    rest = [adds for _, adds in lines[LINES:]] + [_for(label, found["other_words"]["adds"])]
    count = len(lines[LINES:]) + found["other_words"]["count"]
    if count:
        yield f"    {sum(rest):+.3f}  {count:,} other words"
    rest_of_all = "what no word does alone" if how else "intercept"
    yield f"    {_for(label, found['intercept']):+.3f}  {rest_of_all}"
    yield f"    {_for(label, found['logits']):+.3f}  sum"


def _for(label: str, adds: dict[str, float]) -> float:
    return adds[label] - sum(adds.values()) / len(adds)
