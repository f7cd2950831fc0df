"""Speed and quality of the models: bigrams, classifier, server. Run it: python benchmarks/models.py [--model DIR]

Corpus: the labelled posts in the folder that SOCIALSENT_LABELLED_POSTS names, else invented posts; the first line
names the reason. Without --model a classifier is trained first, which takes minutes on real posts. CPU seconds of one
core, except latencies, which are wall time.

Not here: the scorer (benchmarks/scoring.py).
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import uvicorn
from threadpoolctl import threadpool_limits

from socialsent_assets.domain.language import text
from socialsent_assets.domain.language.bigram import files as bigram_files
from socialsent_assets.domain.language.bigram import model as bigrams
from socialsent_assets.domain.language.tokenizer.column import token_column
from socialsent_assets.domain.learning.candidates import classifier_candidate
from socialsent_assets.domain.learning.cascade import Cascade, SentimentModel, opened
from socialsent_assets.domain.learning.classifier import BATCH, Classifier
from socialsent_assets.domain.learning.labels import CLASSES, HUMAN, LabelledPosts, from_pairs, read_csv
from socialsent_assets.domain.learning.model_card import CLASSIFIER
from socialsent_assets.lake.storage.local import FolderStorage
from socialsent_assets.ml.registry import read_model
from socialsent_assets.ml.serving.server import application

REQUESTS = 500
ROUNDS = 3
MOST_POSTS = 20_000
LARGE_BODY = 10_000  # texts: the largest batch that the server accepts


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=Path, help="a folder of socialsent train; default: train one now")
    chosen = options.parse_args()
    learn, measure = corpus()
    with threadpool_limits(1):  # figures are per core
        bench_bigrams(learn, measure)
        model = classifier_of(chosen.model, learn, measure)
        classifier = model.linear if isinstance(model, Cascade) else model
        posts = (learn.texts + measure.texts)[:MOST_POSTS]
        bench_kinds(model, measure.texts)
        bench_tokens(posts)
        bench_batches(classifier, posts)
        bench_single(classifier, measure.texts)
        bench_server(classifier, measure.texts)


def corpus() -> tuple[LabelledPosts, LabelledPosts]:
    """Posts to learn from and to measure on."""
    folder = os.environ.get("SOCIALSENT_LABELLED_POSTS")
    if folder:
        learn, measure = (read_csv(Path(folder) / name) for name in ("train.csv", "val.csv"))
    else:
        learn, measure = invented(10_000, 1), invented(1_000, 2)
    source = f"labelled posts of {folder}" if folder else "invented posts"
    print(f"corpus: {source}: {len(learn):,} to learn from, {len(measure):,} to measure on")
    return learn, measure


def invented(count: int, seed: int) -> LabelledPosts:
    """Posts of random letters in which three words give the mood away."""
    rng = random.Random(seed)
    words = ["".join(random.Random(i).choices("aeioulnrst", k=2 + i % 7)) for i in range(5000)]
    texts, labels = [], []
    for _ in range(count):
        label = rng.randrange(len(CLASSES))
        mood = [words[(rng.randrange(300) * 3 + label) % 5000] for _ in range(3)]
        texts.append(" ".join([*mood, *rng.choices(words, k=12)]))
        labels.append(CLASSES[label])
    return from_pairs(texts, labels)


def bench_bigrams(learn: LabelledPosts, measure: LabelledPosts) -> None:
    """Training speed, perplexity beside the add-one baselines, hits of the next word, look-ups."""
    train, held_out = ([text.words(text.clean_text(t)) for t in posts.texts] for posts in (learn, measure))
    seconds = []
    for _ in range(3):
        start = time.process_time()
        model = bigrams.train(train)
        seconds.append(time.process_time() - start)
    size = sum(map(len, bigram_files.dump(model).values()))
    print(
        f"bigrams: training {model.tokens / min(seconds):,.0f} tokens/s, {model.tokens:,} tokens, {size / 1e6:.1f} MB"
    )
    found = model.perplexity(held_out)
    print(
        f"bigrams: perplexity {found.value:.1f} (add-one bigrams {found.laplace_bigram:.1f}, add-one words "
        f"{found.laplace_unigram:.1f}; vocabulary {model.size:,}, unknown {100 * found.unknown_share:.1f} %)"
    )
    pairs = [(a, b) for post in held_out for a, b in zip([None, *post], post, strict=False) if b in model.ids]
    start = time.process_time()
    tops = {a: [word for word, _ in model.top_k(a, 5)] for a in {a for a, _ in pairs}}
    rate = len(tops) / (time.process_time() - start)
    first = np.mean([tops[a][:1] == [b] for a, b in pairs])
    five = np.mean([b in tops[a] for a, b in pairs])
    print(f"bigrams: next known word top-1 {100 * first:.1f} %, top-5 {100 * five:.1f} %, {rate:,.0f} look-ups/s")


def classifier_of(folder: Path | None, learn: LabelledPosts, measure: LabelledPosts) -> SentimentModel:
    """The model of a folder, or one trained here, with its figures."""
    if folder is not None:
        model = read_model(FolderStorage(folder), "", CLASSIFIER)
        print(f"classifier: {folder}: {model.card.headline}")
        return opened(model.files)
    start = time.process_time()
    made = classifier_candidate(learn, measure, label_source=HUMAN, created_at=datetime.now(UTC), data={})
    print(f"classifier: trained in {time.process_time() - start:.0f} CPU s: {made.card.headline}")
    for name, gain in made.card.gains.items():
        print(f"classifier: {100 * gain['value']:+.1f} points over {name}")
    return opened(made.files)


def bench_kinds(model: SentimentModel, texts: list[str]) -> None:
    """Posts per CPU second and size of the linear classifier and, of a cascade, of its encoder and of both."""
    linear = model.linear if isinstance(model, Cascade) else model
    kinds: list[tuple[str, Callable[[], object], int]] = [
        ("linear", lambda: linear.probabilities(texts), _size(linear.dump()))
    ]
    if isinstance(model, Cascade):
        shared = model
        kinds += [
            ("encoder", lambda: shared.encoder.scores(texts), _size(shared.encoder.dump())),
            ("cascade", lambda: shared.probabilities(texts), _size(shared.dump())),
        ]
    model.prepare()
    for name, answer, size in kinds:
        answer()
        rate = len(texts) / min(cpu_seconds(answer) for _ in range(ROUNDS))
        print(f"{name}: {rate:,.0f} posts/s per core, {size / 1e6:.1f} MB")
    if isinstance(model, Cascade):
        share = model.is_unsure(linear.probabilities(texts)).mean()
        print(f"cascade: the encoder reads {100 * share:.0f} % of the posts")


def _size(files: Mapping[str, bytes]) -> int:
    return sum(map(len, files.values()))


def bench_batches(classifier: Classifier, texts: list[str]) -> None:
    """Posts per CPU second in batches, features included, beside scikit-learn's pipeline for the same posts.

    Both take turns, so that a busy machine slows both alike. Cold is the first sight of these posts, with the tables
    built and the words still to be learned.
    """
    start = time.process_time()
    classifier.prepare()
    print(f"classifier: compiled and its tables built in {time.process_time() - start:.1f} CPU s")
    column = pa.array(texts)
    cold = cpu_seconds(lambda: classifier.probabilities(column))
    ours, reference = [], []
    for _ in range(ROUNDS):
        ours.append(cpu_seconds(lambda: classifier.probabilities(column)))
        reference.append(cpu_seconds(lambda: by_scikit_learn(classifier, texts)))
    rate, peer = (len(texts) / float(np.median(seconds)) for seconds in (ours, reference))
    print(f"classifier: {rate:,.0f} posts/s per core in batches (cold {len(texts) / cold:,.0f})")
    print(f"classifier: scikit-learn's pipeline {peer:,.0f} posts/s per core; ratio {rate / peer:.1f}")
    found, expected = classifier.probabilities(column), by_scikit_learn(classifier, texts)
    labels = int((found.argmax(axis=1) != expected.argmax(axis=1)).sum())
    print(
        f"classifier: probabilities differ by {np.abs(found - expected).max():.1e} at most, labels in {labels} posts"
    )


def by_scikit_learn(classifier: Classifier, texts: list[str]) -> npt.NDArray[np.float64]:
    """The reference's answers, in batches as `Classifier.probabilities` cuts them."""
    batches = (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
    return np.concatenate([classifier.reference_probabilities(batch) for batch in batches])


def bench_tokens(texts: list[str]) -> None:
    """Token lists of an Arrow column per CPU second, beside the same lists made text by text."""
    cleaned = [text.clean_text(each) for each in texts]
    column = pa.array(cleaned)

    def by_text() -> pa.Array:
        return pa.array(text.token_lists(cleaned), pa.list_(pa.string()))

    token_column(column), by_text()  # both learn the words
    ours, reference = [], []
    for _ in range(ROUNDS):
        ours.append(cpu_seconds(lambda: token_column(column)))
        reference.append(cpu_seconds(by_text))
    rate, peer = (len(texts) / float(np.median(seconds)) for seconds in (ours, reference))
    same = "equal" if token_column(column).equals(by_text()) else "DIFFERENT"
    print(
        f"tokens: {rate:,.0f} posts/s per core, text by text {peer:,.0f}; ratio {rate / peer:.1f}; lists are {same}"
    )


def bench_single(classifier: Classifier, texts: list[str]) -> None:
    """Wall time of one post at a time, in this process."""
    print_latency(
        "one post, in process", [timed(lambda t=t: classifier.probabilities([t])) for t in texts[:REQUESTS]]
    )


def bench_server(classifier: Classifier, texts: list[str]) -> None:
    """Wall time of one post per request over loopback, one connection."""
    server = uvicorn.Server(uvicorn.Config(application(classifier), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        connection = http.client.HTTPConnection("127.0.0.1", port)

        def ask(posts: str | list[str]) -> None:
            body = json.dumps({"text": posts} if isinstance(posts, str) else {"texts": posts})
            connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status != http.HTTPStatus.OK:
                raise RuntimeError(f"the server answered {response.status}: {response.read(200)!r}")
            response.read()

        ask(texts[0])
        print_latency("one post, over HTTP", [timed(lambda t=t: ask(t)) for t in texts[:REQUESTS]])
        many = (texts * (LARGE_BODY // len(texts) + 1))[:LARGE_BODY]
        ask(many)
        start = time.process_time()
        seconds = timed(lambda: ask(many)) / 1000
        print(
            f"{LARGE_BODY:,} posts in one request over HTTP: {LARGE_BODY / seconds:,.0f} posts/s by the clock, "
            f"{LARGE_BODY / (time.process_time() - start):,.0f} per CPU second of server and client"
        )
        connection.close()
    finally:
        server.should_exit = True
        thread.join()


def cpu_seconds(call: Callable[[], object]) -> float:
    """CPU seconds that a call takes."""
    start = time.process_time()
    call()
    return time.process_time() - start


def timed(call: object) -> float:
    """Milliseconds that a call takes."""
    start = time.perf_counter()
    call()  # type: ignore[operator]
    return 1000 * (time.perf_counter() - start)


def print_latency(what: str, milliseconds: list[float]) -> None:
    """Median, 99th percentile and worst."""
    p50, p99 = np.percentile(milliseconds, (50, 99))
    print(f"{what}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, worst {max(milliseconds):.2f} ms ({len(milliseconds)} posts)")


if __name__ == "__main__":
    main()
