"""A bigram model survives the way through files, and other tools read its ARPA form."""

import io
import json
import math
import re

import kenlm
import numpy as np
import pytest

from socialsent_assets.domain.language.bigram.files import UnreadableModelError, dump, load, write_arpa
from socialsent_assets.domain.language.bigram.model import train

POSTS = [
    post.split()
    for post in (
        "the train is late again and the rain is cold",
        "the train is full and the seats are wet",
        "i love the rain and i love the sea",
        "the sea is calm again",
        "so calm so late so cold 😀",
    )
]
HELD_OUT = [
    post.split()
    for post in (
        "the rain is late",
        "i love the zeppelin",
        "calm and cold",
    )
]


def test_kenlm_reads_the_arpa_export_to_the_same_perplexity(tmp_path):
    model = train(POSTS)
    path = tmp_path / "model.arpa"
    with path.open("w", encoding="utf-8", newline="\n") as out:
        write_arpa(model, out)
    reader = kenlm.Model(str(path))
    log10 = sum(reader.score(" ".join(post), bos=True, eos=True) for post in HELD_OUT)
    tokens = sum(len(post) + 1 for post in HELD_OUT)
    assert 10 ** (-log10 / tokens) == pytest.approx(model.perplexity(HELD_OUT).value, rel=1e-4)


def test_the_arpa_export_states_what_it_holds():
    out = io.StringIO()
    model = train(POSTS)
    write_arpa(model, out)
    lines = out.getvalue().splitlines()
    assert lines[0] == "\\data\\"
    assert lines[-1] == "\\end\\"
    fields = [line.split("\t") for line in lines if re.match(r"-?\d+\.\d+\t", line)]
    assert len(fields) == model.size + len(model.counts)
    assert all(float(f[0]) <= 0 and math.isfinite(float(f[0])) for f in fields)


def test_a_saved_model_answers_as_before_and_saves_to_the_same_bytes():
    model = train(POSTS)
    again = load(dump(model))
    assert again.words == model.words
    assert again.min_count == model.min_count
    for history in [None, *model.words[3:]]:
        assert np.array_equal(again.distribution(history), model.distribution(history))
    assert dump(again) == dump(model)


def _without(name):
    return lambda files: files.pop(name)


def _cut(files):
    files["bigram.npz"] = files["bigram.npz"][:-30]


def _newer(files):
    files["bigram.json"] = json.dumps({**json.loads(files["bigram.json"]), "format": 2}).encode()


def _fewer_words(files):
    head = json.loads(files["bigram.json"])
    files["bigram.json"] = json.dumps({**head, "words": head["words"][:2]}).encode()


def _pickled(files):
    out = io.BytesIO()
    evil = np.array([{"a": 1}], dtype=object)
    np.savez(out, histories=evil, nexts=evil, counts=evil)
    files["bigram.npz"] = out.getvalue()


@pytest.mark.parametrize(
    "damage", [_without("bigram.json"), _without("bigram.npz"), _cut, _newer, _fewer_words, _pickled]
)
def test_a_damaged_or_newer_model_is_refused(damage):
    files = dump(train(POSTS))
    damage(files)
    with pytest.raises(UnreadableModelError):
        load(files)
