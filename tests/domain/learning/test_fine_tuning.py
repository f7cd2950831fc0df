"""Fine-tuning: that it learns, goes on where it was stopped, and says what it cannot begin with."""

import numpy as np
import pytest
from tokenizers import Tokenizer

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.learning.encoder import weights
from socialsent_assets.domain.learning.encoder.encoder import Encoder
from socialsent_assets.domain.learning.encoder.fine_tuning import Plan, fine_tune
from socialsent_assets.domain.learning.encoder.onnx_graph import onnx_file
from socialsent_assets.domain.learning.labels import from_pairs
from tests import invented_encoder

PLAN = Plan(steps=60, rate=5e-3, batch=8, measured_every=20)


@pytest.fixture(scope="module")
def tokenizer():
    found = Tokenizer.from_str(invented_encoder.tokenizer().decode())
    found.enable_truncation(16)  # one width: each is compiled
    return found


@pytest.fixture(scope="module")
def start():
    return weights.invented(invented_encoder.size(), 1, longest=16)


def told_by_a_word(letter: str):
    """Posts whose mood is one word that the tokenizer knows."""
    words = {"negative": "bad", "neutral": "station", "positive": "good"}
    rows = [(label, f"{word} {letter} {a}{b}") for label, word in words.items() for a in "abcdefgh" for b in "aeiou"]
    return from_pairs([text for _, text in rows], [label for label, _ in rows])


@pytest.fixture(scope="module")
def posts():
    return told_by_a_word("x")


@pytest.fixture(scope="module")
def held_out():
    return told_by_a_word("y")


@pytest.fixture(scope="module")
def whole(start, tokenizer, posts, held_out, tmp_path_factory):
    said = []
    state = tmp_path_factory.mktemp("whole") / "unfinished.npz"
    made = fine_tune(start, tokenizer, posts, held_out, PLAN, state, said.append)
    assert not state.exists()
    return made, said


def test_it_learns_and_says_how_far_it_is(whole):
    made, said = whole
    assert made.macro_recall > 0.8  # a third is chance
    assert any("min left" in line for line in said)
    assert any("macro recall" in line for line in said)


def test_what_it_learned_answers_as_a_file(whole, held_out):
    """Prevents weights that are written in another order than they are read."""
    made, _ = whole
    encoder = Encoder(onnx_file(made.weights), invented_encoder.tokenizer(), longest=16)
    encoder.check()
    said = encoder.scores(held_out.texts).argmax(axis=1)
    recall = np.mean([(said[held_out.labels == number] == number).mean() for number in range(3)])
    assert abs(recall - made.macro_recall) < 0.03


def test_a_run_that_was_stopped_ends_with_the_same_weights(whole, start, tokenizer, posts, held_out, tmp_path):
    """Prevents a resumed run that learns from some posts twice, or with another learning rate."""
    made, _ = whole

    def stop(line: str) -> None:
        if line.startswith("step 50"):
            raise KeyboardInterrupt

    state, said = tmp_path / "unfinished.npz", []
    with pytest.raises(KeyboardInterrupt):
        fine_tune(start, tokenizer, posts, held_out, PLAN, state, stop)
    again = fine_tune(start, tokenizer, posts, held_out, PLAN, state, said.append)
    assert "going on after step 40" in said[0]
    assert again.step == made.step
    np.testing.assert_allclose(again.weights["head"], made.weights["head"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(again.weights["words"], made.weights["words"], rtol=0, atol=1e-5)


def test_the_state_of_another_run_is_refused(start, tokenizer, posts, held_out, tmp_path):
    state = tmp_path / "unfinished.npz"
    with pytest.raises(KeyboardInterrupt):
        fine_tune(start, tokenizer, posts, held_out, PLAN, state, _stopped_at_50)
    with pytest.raises(UserError, match="with other posts"):
        fine_tune(start, tokenizer, posts, held_out, PLAN._replace(seed=8), state, print)
    state.write_bytes(b"half a file")
    with pytest.raises(UserError, match="damaged"):
        fine_tune(start, tokenizer, posts, held_out, PLAN, state, print)


def _stopped_at_50(line: str) -> None:
    if line.startswith("step 50"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("content", [b"<html>404</html>", b"", onnx_file(weights.invented(9, 0))])
def test_starting_weights_that_are_no_bert_are_refused(content):
    with pytest.raises(UserError, match="starting weights"):
        weights.read_onnx(content, 64, 0)


def test_posts_without_a_class_are_refused(start, tokenizer, posts, held_out, tmp_path):
    two = posts.take(np.flatnonzero(posts.labels > 0))
    with pytest.raises(UserError, match="each class"):
        fine_tune(start, tokenizer, two, held_out, PLAN, tmp_path / "s.npz", print)
