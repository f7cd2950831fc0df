"""Commands about models: train, predict, next-word, serve, and models list, promote, rollback.

Not here: how stdin becomes lines (text_stream.py), what training does (domain/learning/), where models are kept
(ml/registry.py), the server's answers (ml/serving/server.py).
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from socialsent_assets.cli import text_stream
from socialsent_assets.cli.lexicon import corrections_of_the_lake
from socialsent_assets.domain.events.errors import UserError

if TYPE_CHECKING:
    from socialsent_assets.domain.learning.cascade import SentimentModel
    from socialsent_assets.domain.learning.labels import LabelledPosts
    from socialsent_assets.domain.learning.model_card import ModelCard
    from socialsent_assets.ml.registry import ModelRegistry, RegisteredModel

ModelFolder = Annotated[
    Path | None,
    typer.Option("--model", metavar="DIR", help="A model folder; default: the champion.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command()(train)
    app.command()(predict)
    app.command(name="next-word")(next_word)
    app.command()(serve)
    models = typer.Typer(name="models", help="Trained models: list, promote, roll back.", no_args_is_help=True)
    models.command(name="list")(list_models)
    models.command()(promote)
    models.command()(rollback)
    app.add_typer(models)


def train(
    labels: Annotated[Path, typer.Option(metavar="CSV", help="Labelled posts: columns text and label.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the model and its card.")],
    val: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Labelled test posts; default: 15 % of --labels.", show_default=False),
    ] = None,
    unlabelled: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Texts without labels, one per line, for self-training.",
            show_default=False,
        ),
    ] = None,
    encoder: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Encoder for a cascade: model.onnx, tokenizer.json, config.json. Needs the extra encoder.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the folds and the bootstrap.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes; 0 is one per core.", min=0)] = 0,
) -> None:
    """Train and tune the classifier on labelled posts, and write the model and its card. Needs no lake.

    Labels are negative, neutral, positive. Repeated texts count once; texts with conflicting labels are left out.
    With --unlabelled the card also has the metrics of the same model without those texts. With --encoder the model is
    a cascade: the linear classifier answers what it is sure of, the encoder helps with the rest.

    Try:

        socialsent train --labels train.csv --val val.csv --out model/

        socialsent train --labels train.csv --val val.csv --unlabelled texts.txt --out model/

        socialsent train --labels train.csv --val val.csv --encoder encoder/ --out model/
    """
    from socialsent_assets.domain.learning.candidates import classifier_candidate
    from socialsent_assets.domain.learning.drift import training_profile
    from socialsent_assets.domain.learning.encoder.encoder import read_folder
    from socialsent_assets.domain.learning.labels import HUMAN, read_csv
    from socialsent_assets.domain.learning.training import FOLDS, GRID, split
    from socialsent_assets.lake.storage.local import FolderStorage
    from socialsent_assets.ml.registry import write_model

    texts = _texts_of(unlabelled) if unlabelled else []
    reader = read_folder(encoder) if encoder else None
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file: name a folder with --out")
    posts = read_csv(labels)
    _say_what_was_left_out(labels, posts)
    if val is None:
        posts, held_out = split(posts, seed)
    else:
        held_out = read_csv(val)
        _say_what_was_left_out(val, held_out)
    sys.stderr.write(
        f"Searching {len(GRID)} settings on {FOLDS} folds each, then training the best on all of them…\n"
    )
    made = classifier_candidate(
        posts,
        held_out,
        label_source=HUMAN,
        created_at=datetime.now(UTC).replace(microsecond=0),
        data=lambda classifier: {
            "training_file": labels.name,
            "held_out_file": val.name if val else f"part of {labels.name}",
            # A lake that promotes this model measures the drift of its texts against what it learned from.
            "profile": training_profile(
                posts.texts, held_out.texts, frozenset(classifier.words.vocabulary)
            ).as_json(),
        },
        unlabelled=texts,
        encoder=reader,
        seed=seed,
        jobs=jobs or os.cpu_count() or 1,
        progress=sys.stderr.isatty() or sys.stdout.isatty(),
    )
    name = write_model(FolderStorage(out), "", made.files)
    _print_measures(made.card)
    typer.echo(f"model {name[:12]} in {out}: read {out / 'card.md'}, or try: socialsent predict --model {out} -")


def _texts_of(path: Path) -> list[str]:
    """Texts without labels, one per line. Raises UserError for a file that cannot be read."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    texts = [text for line in lines if (text := text_stream.text_of(line)).strip()]
    if not texts:
        raise UserError(f"{path} holds no text. It has one text per line, without labels")
    return texts


def predict(
    text: Annotated[
        str,
        typer.Argument(
            metavar="[TEXT | -]", help="The text; - reads one text per line from stdin.", show_default=False
        ),
    ] = "-",
    model: ModelFolder = None,
) -> None:
    """Print label and class probabilities of a text, one JSON object per text.

    Probabilities are calibrated for equally frequent classes; the label is the most likely class.

    Try:

        socialsent predict "not what I hoped for" --model model/

        socialsent predict - < posts.txt
    """
    classifier = _classifier(model)
    if text != "-":
        text_stream.answer([[text_stream.argument_text(text)]], lambda texts: predicted(classifier, texts))
        return
    if sys.stdin.isatty():
        sys.stderr.write("One text per line; Ctrl-D ends.\n")
    text_stream.answer(text_stream.arriving(sys.stdin.buffer), lambda texts: predicted(classifier, texts))


def predicted(classifier: SentimentModel, texts: list[str]) -> list[str]:
    """One JSON object per text, without line ends."""
    from socialsent_assets.domain.learning.prediction import predictions

    return [json.dumps(each) for each in predictions(classifier.probabilities(texts))]


def next_word(
    text: Annotated[str, typer.Argument(help="The words so far; empty is the start of a post.")],
    top: Annotated[int, typer.Option(help="How many words.", min=1, max=1000)] = 5,
    model: ModelFolder = None,
) -> None:
    """Print the most likely next words after a text, best first, one JSON object per word.

    Try:

        socialsent next-word "I love the" --top 3
    """
    from socialsent_assets.domain.language.bigram.files import load
    from socialsent_assets.domain.language.text import clean_text, words
    from socialsent_assets.domain.learning.model_card import BIGRAM

    said = words(clean_text(text_stream.argument_text(text)))
    for word, probability in load(_model(model, BIGRAM).files).top_k(said[-1] if said else None, top):
        typer.echo(json.dumps({"word": word, "probability": round(probability, 6)}, ensure_ascii=False))


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 picks a free one.", min=0, max=65535)] = 8080,
    model: ModelFolder = None,
) -> None:
    """Serve the classifier over HTTP like a SageMaker container: GET /ping, POST /invocations; until Ctrl-C.

    Try:

        socialsent serve --model model/

        curl -d '{"text": "good"}' -H 'Content-Type: application/json' localhost:8080/invocations
    """
    import uvicorn

    from socialsent_assets.ml.serving.server import application

    uvicorn.run(application(_classifier(model), corrections_of_the_lake()), host=host, port=port, log_level="info")


def list_models() -> None:
    """List all models with their main metric; * marks the champion of each kind."""
    from socialsent_assets.domain.learning.model_card import BIGRAM, CLASSIFIER

    registry = _registry()
    rows = []
    for kind in (CLASSIFIER, BIGRAM):
        champion = registry.champion_digest(kind)
        for name in registry.digests(kind):
            card = registry.card(kind, name)
            mark = "*" if name == champion else " "
            rows.append((card.created_at, f"{mark} {name[:12]}  {kind:20}  {card.created_at}  {card.headline}"))
    for _, row in sorted(rows):
        typer.echo(row)
    if not rows:
        typer.echo("no models yet: socialsent train --labels TRAIN.csv --out DIR, then socialsent models promote DIR")


def promote(
    model: Annotated[str, typer.Argument(metavar="DIGEST|DIR", help="As models list shows it, or a model folder.")],
    kind: Annotated[str, typer.Option(help="sentiment_classifier or bigram.")] = "sentiment_classifier",
    force: Annotated[bool, typer.Option("--force", help="Promote even if it does not beat the baselines.")] = False,
) -> None:
    """Promote a model to champion. Fails if it does not beat its baselines, or if its files were changed."""
    from socialsent_assets.domain.learning.model_card import obstacles
    from socialsent_assets.lake.storage.local import FolderStorage

    registry = _registry()
    folder = Path(model)
    name = registry.add_folder(FolderStorage(folder), kind) if folder.is_dir() else registry.find(kind, model)
    card = registry.read(kind, name).card
    against = obstacles(card)
    if against and not force:
        raise UserError(f"{name[:12]} is {'; '.join(against)}. Train a better one, or add --force")
    registry.promote(kind, name, datetime.now(UTC))
    typer.echo(f"{kind} {name[:12]} is the champion now: {card.headline}")


def rollback(
    kind: Annotated[str, typer.Option(help="sentiment_classifier or bigram.")] = "sentiment_classifier",
) -> None:
    """Promote the previous champion again."""
    registry = _registry()
    name = registry.rollback(kind)
    typer.echo(f"{kind} {name[:12]} is the champion again: {registry.card(kind, name).headline}")


def _registry() -> ModelRegistry:
    from socialsent_assets.lake.lake import Lake
    from socialsent_assets.ml.registry import ModelRegistry
    from socialsent_assets.settings import Settings

    return ModelRegistry(Lake.of(Settings.from_env()).artifacts)


def _model(folder: Path | None, kind: str) -> RegisteredModel:
    from socialsent_assets.lake.storage.local import FolderStorage
    from socialsent_assets.ml.registry import read_model

    return _registry().champion(kind) if folder is None else read_model(FolderStorage(folder), "", kind)


def _classifier(folder: Path | None) -> SentimentModel:
    from socialsent_assets.domain.learning.cascade import opened
    from socialsent_assets.domain.learning.model_card import CLASSIFIER

    return opened(_model(folder, CLASSIFIER).files)


def _say_what_was_left_out(path: Path, posts: LabelledPosts) -> None:
    counts = ", ".join(f"{count:,} {name}" for name, count in posts.counts().items())
    typer.echo(f"{path}: {len(posts):,} posts ({counts})")
    if posts.duplicates or posts.conflicting:
        typer.echo(f"  left out: {posts.duplicates:,} repeated, {posts.conflicting:,} with conflicting labels")


def _print_measures(card: ModelCard) -> None:
    """The model beside its baselines, in percent, as the card has them."""
    typer.echo(f"\nOn {card.metrics['posts']:,} held-out posts, in percent, with 95 % bootstrap intervals:")
    typer.echo(f"  {'':28} {'macro recall':>22} {'macro F1':>22} {'accuracy':>22}")
    for name, found in (("this model", card.metrics), *card.baselines.items()):
        cells = (found[key] for key in ("macro_recall", "macro_f1", "accuracy"))
        shown = (f"{100 * c['value']:.2f} [{100 * c['low']:.2f}, {100 * c['high']:.2f}]" for c in cells)
        typer.echo(f"  {name:28} " + " ".join(f"{cell:>22}" for cell in shown))
    tried = ", ".join(f"{c}: {100 * r:.2f}" for c, r in card.choice["cross_validated_macro_recall"].items())
    typer.echo(f"Cross-validated macro recall on the training posts by inverse penalty: {tried}\n")
