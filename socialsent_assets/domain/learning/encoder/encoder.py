"""Encoder as it answers: an ONNX file, its tokenizer and what ties them together, all data.

A folder in the form of Hugging Face is one: `model.onnx`, `tokenizer.json`, `config.json`. Anything that fits, from
the three layers that `socialsent fine-tune` makes to a RoBERTa that a user brings, answers alike.

Not here: when it is used (cascade.py), how it is made (fine_tuning.py, onnx_graph.py).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.learning.classifier import UnreadableModelError
from socialsent_assets.domain.learning.features import readable
from socialsent_assets.domain.learning.labels import CLASSES

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

__all__ = ["FILES", "Encoder", "as_read", "is_installed", "read_folder"]

Floats = npt.NDArray[np.float64]

MODEL, TOKENIZER, CONFIG = FILES = ("encoder.onnx", "encoder_tokenizer.json", "encoder.json")
"""Names in the folder of a cascade."""

LONGEST = 64
"""Tokens of a text that are read, where its configuration names no other number: a post has 28 on average."""

_LONGEST_TEXT = 2_000  # characters: no more than 64 tokens are read, and a tokenizer reads everything it is given
_BATCH = 32
_FOLDER = {MODEL: "model.onnx", TOKENIZER: "tokenizer.json", CONFIG: "config.json"}
_NEEDED = ("onnxruntime", "tokenizers")
_EMOJI_APART = " ; ; ; "  # emoji_words.py sets its words apart for the lexicon; no post that trains an encoder has it
_PROBES = ("", "good", "@user not bad at all :)", "ünknown \u0634 \u5929 wörds", "no " * 200)


def is_installed() -> bool:
    """Whether the extra `encoder` is there."""
    return all(importlib.util.find_spec(name) is not None for name in _NEEDED)


def as_read(text: str) -> str:
    """The text as an encoder reads it: as the linear classifier's words, at most 2,000 characters.

    >>> as_read("missed   it 😢")
    "missed it :'("
    """
    return " ".join(readable(text).replace(_EMOJI_APART, " ").split())[:_LONGEST_TEXT]


@dataclass(frozen=True, eq=False)
class Encoder:
    """Three scores a text, from an ONNX file.

    Attributes:
        model: the ONNX file. Takes `input_ids`, `attention_mask` and perhaps `token_type_ids`, int64 (n, t); its
            first output is float (n, 3).
        tokenizer: of the `tokenizers` library, as JSON.
        columns: of the output, for each of `CLASSES`.
        longest: tokens of a text that are read.
        padding: token that fills shorter texts up.
    """

    model: bytes
    tokenizer: bytes
    columns: tuple[int, int, int] = (0, 1, 2)
    longest: int = LONGEST
    padding: int = 0

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that decides an answer."""
        parts = (self.model, self.tokenizer, self._config())
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()

    def scores(self, texts: Sequence[str | None]) -> Floats:
        """Scores, shape (n, 3), in the order of `CLASSES`; not finite where the encoder fails on a text.

        Texts of one length in tokens are run together, so that a text has the same scores whatever comes with it.
        """
        found = np.zeros((len(texts), len(CLASSES)))
        for rows, scores in self._batches([as_read(text) if text else "" for text in texts]):
            found[rows] = scores
        return found

    def check(self) -> None:
        """Open it and try it out.

        Raises:
            UnreadableModelError: it is no ONNX file, its tokenizer does not match, or it does not give three finite
                scores.
            MissingExtraError: onnxruntime or tokenizers is not installed.
        """
        size = self._tokens.get_vocab_size(with_added_tokens=True)
        try:
            self._run([[size - 1]])
            found = self.scores(_PROBES)
        except self._failures as error:
            raise UnreadableModelError(
                f"the encoder cannot answer, perhaps for want of the tokenizer that it was trained with ({size:,} "
                f"tokens in {TOKENIZER}): {_short(error)}"
            ) from error
        if not np.isfinite(found).all():
            raise UnreadableModelError("the encoder answers with numbers that are not finite: it cannot be used")

    def dump(self) -> dict[str, bytes]:
        """Its files by name; the same encoder gives the same bytes."""
        return {MODEL: self.model, TOKENIZER: self.tokenizer, CONFIG: self._config()}

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Encoder:
        """The encoder that `dump` wrote, tried out. Raises as `check`."""
        try:
            config = json.loads(files[CONFIG])
            negative, neutral, positive = (int(column) for column in config["columns"])
            made = cls(
                model=files[MODEL],
                tokenizer=files[TOKENIZER],
                columns=(negative, neutral, positive),
                longest=int(config["longest"]),
                padding=int(config["padding"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableModelError(f"not an encoder: {error!r}") from error
        made.check()
        return made

    def _config(self) -> bytes:
        return json.dumps({"columns": self.columns, "longest": self.longest, "padding": self.padding}).encode()

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        _require_installed()
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # a process per core is what scores
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(self.model, options, providers=["CPUExecutionProvider"])
        except self._failures as error:
            raise UnreadableModelError(f"{MODEL} is not an ONNX file that can run here: {_short(error)}") from error
        odd = {each.name for each in session.get_inputs()} - {"input_ids", "attention_mask", "token_type_ids"}
        if odd:
            raise UnreadableModelError(f"the encoder asks for inputs that a text does not have: {', '.join(odd)}")
        return session

    @cached_property
    def _tokens(self) -> tokenizers.Tokenizer:
        _require_installed()
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # a process per core, and no warning after a fork
        import tokenizers

        try:
            found = tokenizers.Tokenizer.from_str(self.tokenizer.decode())
            found.no_padding()
            found.enable_truncation(self.longest)
        except Exception as error:  # the library raises bare Exception
            raise UnreadableModelError(f"{TOKENIZER} is not a tokenizer: {_short(error)}") from error
        return found

    @property
    def _failures(self) -> tuple[type[Exception], ...]:
        from onnxruntime.capi import onnxruntime_pybind11_state as state

        raised = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented)
        return (*raised, state.NoSuchFile, state.RuntimeException, ValueError, IndexError)

    @cached_property
    def _size(self) -> int:
        """Texts of one run: one, where the file measures all of a run by one scale (onnx_graph.py)."""
        return 1 if b"DynamicQuantizeLinear" in self.model else _BATCH

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Floats]]:
        ids = [encoding.ids or [self.padding] for encoding in self._tokens.encode_batch_fast(list(texts))]
        by_length: dict[int, list[int]] = {}
        for row, each in enumerate(ids):
            by_length.setdefault(len(each), []).append(row)
        for rows in by_length.values():
            for start in range(0, len(rows), self._size):
                part = rows[start : start + self._size]
                yield part, self._run([ids[row] for row in part])

    def _run(self, ids: Sequence[Sequence[int]]) -> Floats:
        table = np.array(ids, np.int64)
        fed = {
            "input_ids": table,
            "attention_mask": np.ones_like(table),
            "token_type_ids": np.zeros_like(table),
        }
        wanted = [each.name for each in self._session.get_inputs()]
        output = np.asarray(self._session.run(None, {name: fed[name] for name in wanted})[0])
        if output.shape != (len(table), len(CLASSES)):
            raise UnreadableModelError(
                f"the encoder answers with an array of {output.shape} for {len(table)} texts: it needs three classes"
            )
        scores: Floats = output[:, self.columns].astype(np.float64)
        return scores


class MissingExtraError(UserError):
    """A model needs libraries that are not installed."""


def _require_installed() -> None:
    if not is_installed():
        raise MissingExtraError(
            f"an encoder needs {' and '.join(_NEEDED)}. Install the extra: uv sync --inexact --extra encoder"
        )


def read_folder(folder: Path) -> Encoder:
    """The encoder of a folder with `model.onnx`, `tokenizer.json` and `config.json`, tried out.

    `config.json` names the classes by `id2label`, the padding by `pad_token_id`, and may give `longest` and the
    `tokenizer_sha256` that belongs to the model.

    Raises:
        UserError: a file is missing, names other classes, or it fails `Encoder.check`.
    """
    files = {}
    for name, stored in _FOLDER.items():
        try:
            files[name] = (folder / stored).read_bytes()
        except OSError as error:
            raise UserError(
                f"{folder / stored} cannot be read: {error.strerror}. "
                f"An encoder folder has {', '.join(_FOLDER.values())}"
            ) from error
    try:
        config = json.loads(files[CONFIG])
        columns = _columns(config["id2label"])
        belongs = config.get("tokenizer_sha256", hashlib.sha256(files[TOKENIZER]).hexdigest())
        made = Encoder(
            files[MODEL],
            files[TOKENIZER],
            columns,
            min(int(config.get("longest", LONGEST)), 512),
            int(config.get("pad_token_id") or 0),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{folder / 'config.json'} does not name three classes (id2label: {{'0': 'negative', …}}): {error!r}"
        ) from error
    if belongs != hashlib.sha256(files[TOKENIZER]).hexdigest():
        raise UserError(f"{folder}: tokenizer.json is not the one that model.onnx was trained with")
    try:
        made.check()
    except UnreadableModelError as error:
        raise UserError(f"{folder}: {error}") from error
    return made


def _columns(id2label: Mapping[str, Any]) -> tuple[int, int, int]:
    """Column of each of `CLASSES`, by names that begin like them; LABEL_0 to LABEL_2 are in their order."""
    names = {int(number): str(name).lower() for number, name in id2label.items()}
    if len(names) != len(CLASSES):
        raise ValueError(f"{len(names)} classes")
    if all(name == f"label_{number}" for number, name in names.items()):
        return (0, 1, 2)
    negative, neutral, positive = (
        next((number for number, name in names.items() if name.startswith(each[:3])), -1) for each in CLASSES
    )
    if sorted((negative, neutral, positive)) != [0, 1, 2]:
        raise ValueError(f"classes {', '.join(names.values())}")
    return (negative, neutral, positive)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
