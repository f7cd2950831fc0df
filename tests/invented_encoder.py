"""A tiny encoder of random weights and a tokenizer of letters and a few words: quick, offline, and of no opinion."""

from __future__ import annotations

import hashlib
import json
import string
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from socialsent_assets.domain.learning.encoder.encoder import Encoder
from socialsent_assets.domain.learning.encoder.onnx_graph import onnx_file
from socialsent_assets.domain.learning.encoder.weights import invented

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "good",
    "bad",
    "not",
    "zingy",
    "blurgh",
    "station",
    ":",
    ")",
    "(",
    "'",
    "@",
]
LONGEST = 16


def tokenizer(extra: int = 0) -> bytes:
    """A tokenizer file; `extra` tokens more than the encoder knows make one that does not match."""
    pieces = [*WORDS, *string.ascii_lowercase, *(f"##{letter}" for letter in string.ascii_lowercase)]
    vocabulary = {piece: number for number, piece in enumerate([*pieces, *(f"extra{n}" for n in range(extra))])}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made.to_str().encode()


def size() -> int:
    """Tokens of `tokenizer()`."""
    return Tokenizer.from_str(tokenizer().decode()).get_vocab_size()


def encoder(seed: int = 0, layers: int = 2) -> Encoder:
    """An encoder that can be asked."""
    weights = invented(size(), seed, width=64, layers=layers, longest=LONGEST)
    return Encoder(onnx_file(weights), tokenizer(), longest=LONGEST)


def folder(at: Path, made: Encoder, **config: object) -> Path:
    """The encoder as a folder in the form of Hugging Face."""
    at.mkdir(exist_ok=True)
    (at / "model.onnx").write_bytes(made.model)
    (at / "tokenizer.json").write_bytes(made.tokenizer)
    classes = {"0": "negative", "1": "neutral", "2": "positive"}
    described = {
        "id2label": classes,
        "longest": made.longest,
        "pad_token_id": 0,
        "tokenizer_sha256": hashlib.sha256(made.tokenizer).hexdigest(),
    }
    (at / "config.json").write_text(json.dumps(described | config))
    return at
