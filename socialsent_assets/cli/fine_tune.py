"""The command `fine-tune`: starting weights and labelled posts in, an encoder folder out.

Not here: how it learns (domain/learning/encoder/fine_tuning.py), what uses the encoder (train --encoder).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from socialsent_assets.domain.events.errors import UserError

_NEEDED = ("jax", "optax", "onnx", "onnxruntime", "tokenizers")
UNFINISHED = "unfinished.npz"


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command(name="fine-tune")(fine_tune)


def fine_tune(
    labels: Annotated[Path, typer.Option(metavar="CSV", help="Labelled posts: columns text and label.")],
    val: Annotated[Path, typer.Option(metavar="CSV", help="Labelled posts to choose the best state on.")],
    start: Annotated[Path, typer.Option(metavar="ONNX", help="Starting weights: a BERT as PyTorch exports it.")],
    tokenizer: Annotated[Path, typer.Option(metavar="JSON", help="tokenizer.json that belongs to them.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the encoder.")],
    steps: Annotated[int, typer.Option(help="Batches of 32 posts to learn from.", min=1)] = 1400,
    rate: Annotated[float, typer.Option(help="Highest learning rate.", min=0)] = 1.5e-4,
    seed: Annotated[int, typer.Option(help="Seed of order, head and dropout.")] = 7,
    threads: Annotated[int, typer.Option(help="Threads; 0 is one per core.", min=0)] = 0,
) -> None:
    """Fine-tune a small transformer on labelled posts, for `train --encoder`. Needs the extra fine-tuning.

    Half an hour on two idle cores, below 2 GB. A run that was stopped goes on where it was: give the same command.

    Try:

        socialsent fine-tune --labels train.csv --val val.csv --start l3.onnx --tokenizer tokens.json --out encoder/

        socialsent train --labels train.csv --val val.csv --encoder encoder/ --out model/
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"fine-tuning needs {', '.join(missing)}. Install the extras: "
            "uv sync --inexact --extra encoder --extra fine-tuning"
        )
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is a file: name a folder with --out")
    _limit_threads(threads or os.cpu_count() or 1)
    from socialsent_assets.domain.learning.encoder import fine_tuning, weights
    from socialsent_assets.domain.learning.encoder.encoder import LONGEST, read_folder
    from socialsent_assets.domain.learning.encoder.onnx_graph import onnx_file
    from socialsent_assets.domain.learning.labels import CLASSES, read_csv

    begin, words = weights.read_onnx(_read(start), LONGEST, seed), _read(tokenizer)
    cut = _tokenizer_of(words, len(begin["words"]), tokenizer)
    posts, held_out = read_csv(labels), read_csv(val)
    out.mkdir(parents=True, exist_ok=True)
    plan = fine_tuning.Plan(steps=steps, rate=rate, seed=seed)
    made = fine_tuning.fine_tune(
        begin, cut, posts, held_out, plan, out / UNFINISHED, lambda line: sys.stderr.write(f"{line}\n")
    )
    model = onnx_file(made.weights)
    config = {
        "id2label": dict(enumerate(CLASSES)),
        "longest": LONGEST,
        "pad_token_id": 0,
        "model_sha256": hashlib.sha256(model).hexdigest(),
        "tokenizer_sha256": hashlib.sha256(words).hexdigest(),
        "fine_tuned": {**plan._asdict(), "step": made.step, "held_out_macro_recall": round(made.macro_recall, 4)},
        "started_from": {"file": start.name, "sha256": hashlib.sha256(_read(start)).hexdigest()},
    }
    (out / "model.onnx").write_bytes(model)
    (out / "tokenizer.json").write_bytes(words)
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    read_folder(out)
    typer.echo(
        f"encoder in {out}: {len(model) / 1e6:.1f} MB, macro recall {100 * made.macro_recall:.2f} % on the posts "
        f"that chose it. Next: socialsent train --labels {labels} --val {val} --encoder {out} --out model/"
    )


def _limit_threads(threads: int) -> None:
    """XLA reads this once, when it is imported."""
    several = "true" if threads > 1 else "false"
    flags = f"--xla_cpu_multi_thread_eigen={several} intra_op_parallelism_threads={threads}"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error


def _tokenizer_of(content: bytes, words: int, path: Path) -> object:
    from tokenizers import Tokenizer

    from socialsent_assets.domain.learning.encoder.encoder import LONGEST

    try:
        found = Tokenizer.from_str(content.decode())
    except Exception as error:  # the library raises bare Exception
        raise UserError(f"{path} is not a tokenizer.json: {str(error)[:200]}") from error
    if found.get_vocab_size() != words:
        raise UserError(
            f"{path} has {found.get_vocab_size():,} tokens, the starting weights have {words:,}: they do not belong "
            "together"
        )
    found.no_padding()
    found.enable_truncation(LONGEST)
    return found
