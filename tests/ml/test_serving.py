"""The model server as a client meets it: forms, limits and complaints."""

import asyncio
import csv
import io
import json
import tarfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from starlette.testclient import TestClient

from socialsent_assets.domain.learning import training
from socialsent_assets.domain.learning.labels import CLASSES
from socialsent_assets.domain.learning.model_card import CARD, ModelRefusedError, digest
from socialsent_assets.ml.serving import server
from socialsent_assets.ml.serving.archive import archive
from socialsent_assets.ml.serving.payloads import MOST_EXPLAINED, MOST_TEXTS
from socialsent_assets.ml.serving.server import LARGEST_BODY, application, model_of
from tests.domain.learning.conftest import invented_posts
from tests.resources.conftest import model_files


class FirstLetter:
    """A classifier whose input contains the answer: n, o or p as the first letter of the text."""

    prepared = False

    def prepare(self):
        self.prepared = True

    def probabilities(self, texts):
        assert self.prepared, "the first request would wait for a compiler"
        rows = np.full((len(texts), 3), 0.1)
        for row, text in zip(rows, texts, strict=True):
            row["nop".index(text[0]) if text else 1] = 0.8
        return rows


@pytest.fixture(scope="module")
def client():
    return TestClient(application(FirstLetter()), raise_server_exceptions=False)  # type: ignore[arg-type]


def post(client, body, content_type="application/json", accept="*/*"):
    return client.post("/invocations", content=body, headers={"content-type": content_type, "accept": accept})


def test_ping_says_alive(client):
    assert client.get("/ping").status_code == 200


def test_one_json_object_is_answered_with_one(client):
    answer = post(client, '{"text": "positively"}')
    assert answer.json() == {"label": "positive", "probabilities": {"negative": 0.1, "neutral": 0.1, "positive": 0.8}}


@pytest.mark.parametrize(
    "body",
    ['["n", "p"]', '{"texts": ["n", "p"]}', '{"instances": [{"text": "n"}, {"text": "p"}]}', '[{"text": "n"}, "p"]'],
)
def test_many_texts_are_answered_in_order(client, body):
    assert [p["label"] for p in post(client, body).json()["predictions"]] == ["negative", "positive"]


@pytest.mark.parametrize("media_type", ["application/jsonlines", "application/x-ndjson; charset=utf-8"])
def test_json_lines_are_answered_line_by_line(client, media_type):
    answer = post(client, '{"text": "n"}\n\n"p"\n{"text": ""}', media_type)
    assert [json.loads(line)["label"] for line in answer.text.splitlines()] == ["negative", "positive", "neutral"]


@pytest.mark.parametrize("body", ['n\n"p, \nq"\n', 'id,text\n1,n\n2,"p, \nq"\n', "\ufeffTEXT\nn\np\n"])
def test_csv_is_answered_with_rows(client, body):
    rows = list(csv.reader(io.StringIO(post(client, body.encode(), "text/csv").text)))
    assert rows == [["negative", "0.8", "0.1", "0.1"], ["positive", "0.1", "0.1", "0.8"]]


def test_the_client_chooses_the_form_of_the_answer(client):
    assert post(client, '["n"]', accept="text/csv").text.startswith("negative,")
    assert post(client, "n", "text/csv", accept="application/json, text/csv").json()["predictions"]


@pytest.mark.parametrize(
    ("body", "media_type", "status", "complaint"),
    [
        ("{", "application/json", 400, "not JSON"),
        ("{}", "application/json", 400, "expected"),
        ('{"text": 3}', "application/json", 400, "expected a string"),
        ('["a", null]', "application/json", 400, "item 2"),
        ("[]", "application/json", 400, "no text"),
        ("", "application/json", 400, "not JSON"),
        ("[" * 100_000, "application/json", 400, "not JSON"),
        ('"a"\n{', "application/jsonlines", 400, "not JSON"),
        ("", "application/jsonlines", 400, "no text"),
        (b"\xff\xfe", "application/json", 400, "not UTF-8"),
        ("id,text\n1\n", "text/csv", 400, "row 1 has no column 2"),
        ("x", "image/png", 415, "Content-Type"),
        (json.dumps(["a"] * (MOST_TEXTS + 1)), "application/json", 400, f"at most {MOST_TEXTS}"),
        (b" " * (LARGEST_BODY + 1), "application/json", 413, "larger than"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(client, body, media_type, status, complaint):
    answer = post(client, body, media_type)
    assert answer.status_code == status
    assert complaint in answer.json()["error"]


def test_an_answer_that_nobody_can_read_is_refused(client):
    assert post(client, '["n"]', accept="image/png").status_code == 406


def test_other_methods_and_paths_are_refused(client):
    assert client.get("/invocations").status_code == 405
    assert client.get("/").status_code == 404


def test_requests_at_the_same_time_get_their_own_answers(client):
    words = ["n", "o", "p"] * 20
    with ThreadPoolExecutor(8) as pool:
        labels = list(pool.map(lambda word: post(client, json.dumps({"text": word})).json()["label"], words))
    assert labels == [CLASSES["nop".index(word)] for word in words]


def test_the_archive_holds_the_files_at_its_root_and_is_always_the_same():
    files = {"card.json": b"{}", "classifier.npz": bytes(range(256)) * 100}
    content = archive(files)
    assert content == archive(dict(reversed(files.items())))
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        assert {member.name: tar.extractfile(member).read() for member in tar} == files


def test_a_container_serves_no_other_model_than_the_one_it_was_made_for(tmp_path, monkeypatch):
    """Prevents an archive with another model, and a card of its own to match, from answering in its place."""
    from socialsent_assets.domain.learning.classifier import Classifier

    monkeypatch.setattr(Classifier, "load", staticmethod(lambda files: sorted(files)))
    files = model_files()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    environment = {"SM_MODEL_DIR": str(tmp_path), "SOCIALSENT_MODEL_DIGEST": digest(files[CARD])}
    assert model_of(environment) == model_of({"SM_MODEL_DIR": str(tmp_path)}) == ["classifier.json", "classifier.npz"]  # type: ignore[comparison-overlap]
    with pytest.raises(ModelRefusedError, match="names another"):
        model_of(environment | {"SOCIALSENT_MODEL_DIGEST": "0" * 64})


@pytest.fixture(scope="module")
def explaining():
    trained = training.train(invented_posts(150, 1), invented_posts(60, 2), grid=(1.0,))
    return TestClient(application(trained.classifier), raise_server_exceptions=False)


@pytest.mark.parametrize("body", ['{"text": "not good"}', '["not good"]', '{"texts": ["not good"]}'])
def test_explain_says_why_the_model_answers_as_it_does(explaining, body):
    """Prevents reasons that do not add up to the answer of the same server."""
    answer = explaining.post("/explain", content=body, headers={"content-type": "application/json"}).json()
    [found] = answer.get("explanations", [answer])
    predicted = post(explaining, '{"text": "not good"}').json()
    assert found["model"]["label"] == predicted["label"]
    adds = [found["model"]["other_features"]["adds"], *(each["adds"] for each in found["model"]["features"])]
    for name, logit in found["model"]["logits"].items():
        assert found["model"]["intercept"][name] + sum(each[name] for each in adds) == pytest.approx(logit)
    assert found["lexicon"]["words"][0]["steps"][1]["by"] == "not"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps(["a"] * (MOST_EXPLAINED + 1)), 400),
        ("{}", 400),
        (b"x" * (LARGEST_BODY + 1), 413),
        (json.dumps({"text": "good " * 200_000}), 200),
    ],
)
def test_explain_has_limits(explaining, body, status):
    """Prevents a request that keeps the server busy for minutes, and an answer as long as its text."""
    answer = explaining.post("/explain", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    if status == 200:
        assert len(answer.content) < 100_000
    else:
        assert "error" in answer.json()


@pytest.mark.parametrize(
    ("arrives", "status"), [({"type": "http.disconnect"}, 400), (None, 408)], ids=["hung up", "went silent"]
)
def test_half_a_request_is_ended_without_a_traceback(monkeypatch, arrives, status):
    """Prevents 43 lines of log for each client that hangs up, and requests that stay open indefinitely."""
    monkeypatch.setattr(server, "BODY_WITHIN_S", 60.0 if arrives else 0.0)
    sent = []

    async def receive():
        return arrives or await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/invocations", "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip
    asyncio.run(application(FirstLetter())(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == status
