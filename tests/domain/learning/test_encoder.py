"""The encoder's answers to odd texts, and the folders that it is not made from."""

import numpy as np
import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.learning.classifier import UnreadableModelError
from socialsent_assets.domain.learning.encoder import encoder as module
from socialsent_assets.domain.learning.encoder.encoder import Encoder, MissingExtraError, as_read, read_folder
from socialsent_assets.domain.learning.encoder.onnx_graph import onnx_file
from socialsent_assets.domain.learning.encoder.weights import invented
from tests import invented_encoder

LANGUAGES = [
    "good day",
    "guten tag",
    "bonjour à tous",
    "buenos días",
    "bom dia",
    "buongiorno",
    "goede dag",
    "god dag",
    "hyvää päivää",
    "dobrý den",
    "dzień dobry",
    "jó napot",
    "bună ziua",
    "добрый день",
    "добрий день",
    "добар дан",
    "добър ден",
    "καλημέρα",
    "iyi günler",
    "günaydın",
    "صباح الخير",
    "صبح بخیر",
    "בוקר טוב",
    "नमस्ते",
    "সুপ্রভাত",
    "ਸਤ ਸ੍ਰੀ ਅਕਾਲ",
    "વણક્કમ",
    "வணக்கம்",
    "నమస్కారం",
    "ನಮಸ್ಕಾರ",
    "നമസ്കാരം",
    "สวัสดี",
    "xin chào",
    "selamat pagi",
    "magandang umaga",
    "おはよう",
    "你好",
    "안녕하세요",
    "გამარჯობა",
    "բարեւ",
]
ODD = ["", " ", None, "😢" * 60_000, "x" * 6_000_000, "\u202egood\u202c", "\x00\ufeff", "\ud83d", "!" * 5000]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return invented_encoder.encoder()


def test_every_text_gets_three_finite_scores(encoder):
    """Prevents a batch of 40 languages, a text of 6 MB or one of 60,000 emoji that no answer comes back for."""
    assert len(LANGUAGES) == 40
    found = encoder.scores([*ODD, *LANGUAGES])
    assert found.shape == (len(ODD) + 40, 3)
    assert np.isfinite(found).all()


def test_a_batch_equals_its_texts_one_by_one(encoder):
    """Prevents one scale for all activations of a batch, with which a score depends on the texts beside it."""
    texts = [*LANGUAGES, *("good " * n for n in range(1, 12)), "not bad", "zingy", "blurgh blurgh", *ODD]
    together = encoder.scores(texts)
    alone = np.concatenate([encoder.scores([text]) for text in texts])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-5)


def test_the_file_computes_what_the_weights_say(encoder):
    """Prevents a graph that answers, but with another network than the one that was trained."""
    from socialsent_assets.domain.learning.encoder.forward import forward

    weights = invented(invented_encoder.size(), 0, width=64, layers=2, longest=invented_encoder.LONGEST)
    [ids] = [encoding.ids for encoding in encoder._tokens.encode_batch(["not a bad station"])]
    exact = np.asarray(forward(weights, np.array([ids]), np.ones((1, len(ids)), bool)))
    found = encoder.scores(["not a bad station"])
    assert np.abs(found - exact).max() < 0.05 * np.abs(exact).max()  # whole numbers of seven bits


def test_emoji_are_read_as_the_linear_model_reads_them():
    assert as_read("missed   it 😢") == "missed it :'("


def test_the_digest_covers_every_part(encoder):
    others = [
        invented_encoder.encoder(seed=1),
        Encoder(encoder.model, encoder.tokenizer + b" ", longest=encoder.longest),
        Encoder(encoder.model, encoder.tokenizer, columns=(2, 1, 0), longest=encoder.longest),
        Encoder(encoder.model, encoder.tokenizer, longest=8),
    ]
    assert len({encoder.digest, *(each.digest for each in others)}) == 5


def test_a_folder_answers_as_what_was_written(encoder, tmp_path):
    made = read_folder(invented_encoder.folder(tmp_path / "e", encoder))
    assert made.digest == encoder.digest


def test_classes_are_found_by_name(encoder, tmp_path):
    labels = {"0": "POSITIVE", "1": "NEG", "2": "Neutral"}
    made = read_folder(invented_encoder.folder(tmp_path / "e", encoder, id2label=labels))
    np.testing.assert_array_equal(made.scores(["good"]), encoder.scores(["good"])[:, [1, 2, 0]])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model.onnx", b"<html>404</html>", "not an ONNX file"),
        ("model.onnx", b"", "not an ONNX file"),
        ("tokenizer.json", b"{}", "not the one"),
        ("config.json", b"{}", "three classes"),
        ("config.json", b'{"id2label": {"0": "negative", "1": "positive"}}', "three classes"),
        ("config.json", b'{"id2label": {"0": "joy", "1": "fear", "2": "anger"}}', "three classes"),
        ("config.json", b"\xff", "three classes"),
    ],
)
def test_a_folder_that_is_no_encoder_is_refused(encoder, tmp_path, name, content, said):
    folder = invented_encoder.folder(tmp_path / "e", encoder)
    (folder / name).write_bytes(content)
    with pytest.raises((UnreadableModelError, UserError), match=said):
        read_folder(folder)


def test_a_missing_file_is_named(encoder, tmp_path):
    folder = invented_encoder.folder(tmp_path / "e", encoder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(UserError, match=r"tokenizer\.json cannot be read"):
        read_folder(folder)


def test_a_tokenizer_of_more_words_than_the_encoder_is_refused(encoder):
    """Prevents a text that fails weeks later, on the first word that the encoder has no row for."""
    with pytest.raises(UnreadableModelError, match="tokenizer that it was trained with"):
        Encoder(encoder.model, invented_encoder.tokenizer(extra=5), longest=encoder.longest).check()


def test_an_encoder_that_answers_nan_is_refused():
    weights = invented(invented_encoder.size(), 0, longest=16)
    weights["head_bias"][:] = np.nan
    with pytest.raises(UnreadableModelError, match="not finite"):
        Encoder(onnx_file(weights), invented_encoder.tokenizer(), longest=16).check()


def test_without_the_extra_the_next_step_is_named(encoder, monkeypatch):
    monkeypatch.setattr(module, "is_installed", lambda: False)
    with pytest.raises(MissingExtraError, match="uv sync --inexact --extra encoder"):
        Encoder(encoder.model, encoder.tokenizer).check()
