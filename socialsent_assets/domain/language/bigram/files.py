"""A bigram model as files: JSON and npz for us, ARPA for other language-model tools. Never pickle.

Not here: which model is in use, and whether a file was tampered with (ml/registry.py).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import TextIO

import numpy as np

from socialsent_assets.domain.language.bigram.model import RESERVED, START, BigramModel

__all__ = ["FORMAT_VERSION", "UnreadableModelError", "dump", "load", "write_arpa"]

FORMAT_VERSION = 1
WORDS, COUNTS = "bigram.json", "bigram.npz"


class UnreadableModelError(ValueError):
    """The files are not a bigram model that this version can read."""


def dump(model: BigramModel) -> dict[str, bytes]:
    """The model's files by name; the same model gives the same bytes."""
    head = {
        "format": FORMAT_VERSION,
        "min_count": model.min_count,
        "min_authors": model.min_authors,
        "few_authors_words": model.few_authors_words,
        "words": model.words[len(RESERVED) :],
    }
    arrays = io.BytesIO()
    np.savez_compressed(
        arrays,
        histories=model.histories.astype(np.int32),
        nexts=model.nexts.astype(np.int32),
        counts=model.counts.astype(np.int32),
    )
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    return {WORDS: text.encode(), COUNTS: arrays.getvalue()}


def load(files: Mapping[str, bytes]) -> BigramModel:
    """The model that `dump` wrote.

    Raises:
        UnreadableModelError: a file is missing, damaged, or of a newer format.
    """
    try:
        head = json.loads(files[WORDS])
        if head["format"] != FORMAT_VERSION:
            raise UnreadableModelError(
                f"bigram model of format {head['format']}: this version reads {FORMAT_VERSION}"
            )
        with np.load(io.BytesIO(files[COUNTS]), allow_pickle=False) as arrays:
            histories, nexts, counts = (arrays[name].astype(np.int64) for name in ("histories", "nexts", "counts"))
        words = (*RESERVED, *map(str, head["words"]))
        limits = (int(head["min_count"]), int(head.get("min_authors", 1)), int(head.get("few_authors_words", 0)))
        return BigramModel.from_counts(words, histories, nexts, counts, *limits)
    except UnreadableModelError:
        raise
    except (KeyError, TypeError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise UnreadableModelError(f"not a bigram model: {error!r}") from error


def write_arpa(model: BigramModel, out: TextIO) -> None:
    """The model in ARPA format (log10), which KenLM and SRILM read.

    Words hold no white space, so a field cannot split. `<s>` is given -99, as those tools expect.
    """
    s = model.smoothing
    nothing = np.full(model.size, -99.0)
    lower = np.log10(s.lower, out=nothing.copy(), where=np.arange(model.size) != START)
    backoff = np.log10(s.backoff, out=nothing.copy(), where=s.backoff > 0)
    bigrams = np.log10(model.probabilities(model.histories, model.nexts))
    out.write(f"\\data\\\nngram 1={model.size}\nngram 2={len(bigrams)}\n\n\\1-grams:\n")
    for word, value, weight in zip(model.words, lower, backoff, strict=True):
        out.write(f"{value:.7f}\t{word}\t{weight:.7f}\n")
    out.write("\n\\2-grams:\n")
    for history, following, value in zip(model.histories, model.nexts, bigrams, strict=True):
        out.write(f"{value:.7f}\t{model.words[history]} {model.words[following]}\n")
    out.write("\n\\end\\\n")
