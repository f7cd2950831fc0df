"""Following networks: resumes after drops, counts everything, notes gaps; against servers on loopback."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from websockets.sync.server import ServerConnection, serve

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.ingest.live.checkpoint import Checkpoint, write_gap
from socialsent_assets.ingest.live.connection import Connection, DisconnectedError, Frame, Gap
from socialsent_assets.ingest.live.follower import Followed, Follower, Wanted
from socialsent_assets.ingest.live.hackernews import HackerNews
from socialsent_assets.ingest.live.jetstream import Jetstream
from socialsent_assets.ingest.live.mastodon import MastodonStream
from socialsent_assets.ingest.live.reddit import Credentials, Subreddit
from socialsent_assets.ingest.live.tail import Tail
from socialsent_assets.ingest.sources import bluesky
from socialsent_assets.lake.storage.local import FolderStorage
from tests.ingest.brought import FIXTURES

NOW = datetime(2024, 5, 1, 10, 1, tzinfo=UTC)
JETSTREAM = (FIXTURES / "jetstream.jsonl").read_bytes().splitlines()


@dataclass
class Kept:
    """A sink that keeps its input; fails a given number of times."""

    lines: list[bytes] = field(default_factory=list)
    failures: int = 0

    def send(self, events: list[tuple[bytes, str]]) -> Counts:
        if self.failures:
            self.failures -= 1
            raise OSError("disk full")
        self.lines += [line for line, _ in events]
        return Counts(len(events), len(events), 0, 0)


def follower(
    connection: Connection, sink: Kept, path: Path, stop_after: int, wanted: Wanted | None = None, now: datetime = NOW
) -> tuple[Follower, list[float], list[Gap]]:
    """A follower whose clock moves a second per look, and that stops when `stop_after` records were offered."""
    ticks = itertools.count()
    waits: list[float] = []
    gaps: list[Gap] = []

    def wait(seconds: float) -> bool:
        if seconds:
            waits.append(seconds)
        return made.done.offered >= stop_after or len(waits) > 20

    made = Follower(
        connection=connection,
        sink=sink,
        checkpoint=Checkpoint(FolderStorage(path), "checkpoint"),
        wanted=wanted or Wanted(),
        clock=lambda: now + timedelta(seconds=next(ticks)),
        wait=wait,
        on_gap=gaps.append,
    )
    return made, waits, gaps


@contextmanager
def jetstream(drop_after: int | None = None) -> Iterator[tuple[Jetstream, list[str]]]:
    """A server with the wire of Jetstream: replays what is at or after the cursor; may hang up after some frames."""
    cursors: list[str] = []

    def handle(socket: ServerConnection) -> None:
        assert socket.request is not None
        query = parse_qs(urlparse(socket.request.path).query)
        cursor = query.get("cursor", ["0"])[0]
        cursors.append(cursor)
        sent = 0
        for raw in JETSTREAM:
            if json.loads(raw)["time_us"] >= int(cursor):
                socket.send(raw.decode())
                sent += 1
                if sent == drop_after:
                    return
        threading.Event().wait(0.2)

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        port = server.socket.getsockname()[1]
        yield Jetstream(f"ws://127.0.0.1:{port}/subscribe"), cursors
        server.shutdown()
        thread.join()


def run(made: Follower) -> Followed:
    return made.run()


def test_every_record_of_a_jetstream_is_counted_and_its_events_arrive(tmp_path: Path) -> None:
    """Prevents records that are neither sent on nor counted as filtered."""
    sink = Kept()
    with jetstream() as (connection, _):
        done = run(follower(connection, sink, tmp_path, len(JETSTREAM))[0])
    assert (done.offered, done.filtered) == (10, 0)
    assert done.counts.records == len(sink.lines) == 10
    assert json.loads(sink.lines[0])["data"]["text"] == "Good morning #tram"


def test_a_server_that_hangs_up_costs_nothing(tmp_path: Path) -> None:
    """Prevents a drop that loses records, or that starts again from now."""
    whole, pieces = Kept(), Kept()
    with jetstream() as (connection, _):
        run(follower(connection, whole, tmp_path / "a", len(JETSTREAM))[0])
    with jetstream(drop_after=3) as (connection, cursors):
        done = run(follower(connection, pieces, tmp_path / "b", 24)[0])
    assert set(pieces.lines) == set(whole.lines)
    assert done.reconnects >= 3
    assert done.gaps == []
    assert cursors[1] == str(json.loads(JETSTREAM[2])["time_us"] - 1_000_000)


def test_a_restart_goes_on_at_its_checkpoint(tmp_path: Path) -> None:
    """Prevents a restarted program that begins from now, or from the beginning."""
    sink = Kept()
    with jetstream(drop_after=5) as (connection, cursors):
        run(follower(connection, sink, tmp_path, 5)[0])
        run(follower(connection, sink, tmp_path, 10)[0])
    assert cursors[0] == "0"
    assert int(cursors[1]) > 0
    assert len(set(sink.lines)) == 10


def test_a_cursor_is_kept_only_after_its_records_have_landed(tmp_path: Path) -> None:
    """Prevents records that are lost because the disk was full after the checkpoint was written."""
    sink = Kept(failures=1)
    with jetstream() as (connection, _):
        made, _, _ = follower(connection, sink, tmp_path, len(JETSTREAM))
        with pytest.raises(OSError, match="disk full"):
            run(made)
        assert Checkpoint(FolderStorage(tmp_path), "checkpoint").read() == ""
        run(follower(connection, sink, tmp_path, len(JETSTREAM))[0])
    assert len(set(sink.lines)) == 10


def test_a_cursor_that_the_server_no_longer_has_is_a_gap(tmp_path: Path) -> None:
    """Prevents a day that is missing from the lake without a row that records it."""
    old = int((NOW - timedelta(hours=40)).timestamp() * 1e6)
    Checkpoint(FolderStorage(tmp_path), "checkpoint").write(str(old), NOW)
    with jetstream() as (connection, _):
        made, _, gaps = follower(connection, Kept(), tmp_path, 10)
        done = run(made)
    assert [gap.after for gap in gaps] == [str(old)] == [gap.after for gap in done.gaps]
    landing = FolderStorage(tmp_path / "landing")
    write_gap(landing, gaps[0])
    (kept,) = landing.list("gaps")
    row = json.loads(landing.read(kept.key))
    assert row["after_cursor"] == str(old)
    assert "no longer has" in row["reason"]


def test_texts_that_are_not_wanted_are_counted_and_deletions_always_pass(tmp_path: Path) -> None:
    """Prevents a filter that keeps what its author has deleted."""
    sink = Kept()
    with jetstream() as (connection, _):
        done = run(follower(connection, sink, tmp_path, 10, Wanted(("morning",), ("en",)))[0])
    texts = [json.loads(line)["data"].get("text") for line in sink.lines]
    assert [text for text in texts if text] == ["Good morning #tram"]
    assert sum(b'"event_type":"deletion"' in line for line in sink.lines) == 3
    assert done.filtered == 2


@dataclass
class Scripted:
    """A connection that plays a script: frames, or errors to raise."""

    script: list[list[Frame | Exception]]
    key: str = "scripted"

    @property
    def source(self) -> object:
        return bluesky.SOURCES[0]

    def gap(self, cursor: str, now: datetime) -> str:
        return ""

    def frames(self, cursor: str) -> Iterator[Frame]:
        for step in self.script.pop(0) if self.script else [DisconnectedError("over")]:
            if isinstance(step, Exception):
                raise step
            yield step


def test_a_server_that_answers_429_is_left_alone_as_long_as_it_asks(tmp_path: Path) -> None:
    """Prevents a client that is banned because it reconnects without a wait."""
    refusals: list[list[Frame | Exception]] = [[DisconnectedError("429", 30.0)], [DisconnectedError("closed")]] * 2
    made, waits, _ = follower(Scripted(refusals), Kept(), tmp_path, 99)  # type: ignore[arg-type]
    run(made)
    assert waits[:4] == [30.0, 4.0, 30.0, 16.0]
    assert max(waits) == 60.0


@pytest.mark.parametrize(
    "junk", [b"\xff\xfe", b"nope", b"[]", b'{"did": 1}', b"{}" * 9, b'{"kind": "commit", "did": "d"}']
)
def test_garbage_is_sent_on_to_quarantine_or_counted(junk: bytes, tmp_path: Path) -> None:
    """Prevents a stream that stops, or loses count, because a server sends what is no record."""
    sink = Kept()
    script: list[list[Frame | Exception]] = [[Frame(junk, "1"), Frame(JETSTREAM[0], "2")]]
    done = run(follower(Scripted(script), sink, tmp_path, 2)[0])  # type: ignore[arg-type]
    assert done.offered == 2
    assert len(sink.lines) + done.filtered == 2


@contextmanager
def http(answers: Callable[[str, dict[str, str]], tuple[int, dict[str, str], bytes]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers(self.path, dict(self.headers))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_mastodon_events_arrive_and_every_silence_is_a_gap(tmp_path: Path) -> None:
    """Prevents statuses and deletions that are read wrongly off the wire, and drops without a count."""
    status = json.loads((FIXTURES / "mastodon.json").read_text())[0]
    body = (
        ":thump\n\n"
        f"event: update\ndata: {json.dumps(status)}\n\n"
        "event: delete\ndata: 101\n\n"
        "event: filters_changed\n\n"
    ).encode()
    tokens: list[str | None] = []

    def answers(path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        tokens.append(headers.get("Authorization"))
        return (
            (200, {"Content-Type": "text/event-stream"}, body)
            if path == "/api/v1/streaming/public"
            else (404, {}, b"")
        )

    sink = Kept()
    with http(answers) as address:
        made, _, gaps = follower(MastodonStream(address, "secret"), sink, tmp_path, 6, now=datetime.now(UTC))
        done = run(made)
    kinds = [json.loads(line)["event_type"] for line in sink.lines[:3]]
    assert kinds == ["post", "user", "deletion"]
    assert tokens[0] == "Bearer secret"
    assert (done.offered, done.filtered) == (6, 2)
    assert len(gaps) == done.reconnects == 1


def test_a_server_that_wants_a_token_says_where_to_get_one(tmp_path: Path) -> None:
    """Prevents a program that retries a permanent error without end."""
    with http(lambda *_: (401, {}, b"")) as address, pytest.raises(UserError, match="SOCIALSENT_MASTODON_TOKEN"):
        run(follower(MastodonStream(address), Kept(), tmp_path, 1)[0])


def test_hacker_news_reads_every_number_once(tmp_path: Path) -> None:
    """Prevents items that are skipped between two looks, or read again after a restart."""
    items = {item["id"]: item for item in map(json.loads, (FIXTURES / "hackernews.jsonl").read_text().splitlines())}
    asked: list[str] = []
    busy = [True]

    def answers(path: str, _: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        asked.append(path)
        if path == "/maxitem.json":
            return 200, {}, b"9004"
        if path == "/item/9002.json" and busy:
            busy.clear()
            return 429, {"Retry-After": "7"}, b""
        return 200, {}, json.dumps(items.get(int(path[6:-5]))).encode()

    Checkpoint(FolderStorage(tmp_path), "checkpoint").write("9000", NOW)
    sink = Kept()
    with http(answers) as address:
        made, waits, _ = follower(HackerNews(address, sleep=lambda _: None), sink, tmp_path, 3)
        done = run(made)
    assert waits[0] == 7.0
    assert [path for path in asked if "item/" in path].count("/item/9001.json") == 1
    assert [json.loads(line)["event_type"] for line in sink.lines] == ["post", "comment", "comment"]
    assert (done.offered, done.cursor) == (3, "9003")


def test_a_growing_file_is_read_once_and_its_replacement_is_a_gap(tmp_path: Path) -> None:
    """Prevents lines that are read twice or by halves, and a rotated file whose end is missed in silence."""
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"\n".join(JETSTREAM[:2]) + b"\n" + JETSTREAM[2][:40])
    sink = Kept()
    tail = Tail(path, bluesky.SOURCES[0], sleep=lambda _: None)
    run(follower(tail, sink, tmp_path, 2)[0])
    assert len(sink.lines) == 2
    with path.open("ab") as file:
        file.write(JETSTREAM[2][40:] + b"\n" + JETSTREAM[3] + b"\n")
    run(follower(tail, sink, tmp_path, 2)[0])
    assert len(sink.lines) == len(set(sink.lines)) == 4
    path.write_bytes(JETSTREAM[4] + b"\n")
    made, _, gaps = follower(tail, sink, tmp_path, 1)
    run(made)
    assert len(sink.lines) == 5
    assert "replaced or cut" in gaps[0].reason


class RedditApi:
    """The wire of Reddit's API: a token, listings with the newest first, things by their names."""

    def __init__(self) -> None:
        lines = map(json.loads, (FIXTURES / "reddit.ndjson").read_text().splitlines())
        things = [{"kind": "t3" if "title" in thing else "t1", "data": thing} for thing in lines]
        self.listings = {"new": things[:1], "comments": things[1:3]}
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}
        self.status = 200

    def __call__(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(path)
        if path == "/token":
            return 200, {}, b'{"access_token": "t", "expires_in": 86400}'
        assert headers["Authorization"] == "Bearer t"
        assert "socialsent" in headers["User-Agent"]
        address = urlparse(path)
        if address.path == "/api/info":
            names = parse_qs(address.query)["id"][0].split(",")
            everything = [thing for found in self.listings.values() for thing in found]
            found = [thing for thing in everything if f"{thing['kind']}_{thing['data']['id']}" in names]
        else:
            found = self.listings[address.path.rpartition("/")[2]][::-1]
        body = {"kind": "Listing", "data": {"after": None, "children": found}}
        return self.status, self.headers, json.dumps(body).encode()


@contextmanager
def subreddit(api: RedditApi, times: list[datetime]) -> Iterator[Subreddit]:
    with http(api) as address:
        known = Credentials("id", "secret")
        yield Subreddit("trams", known, address, f"{address}/token", lambda _: None, lambda: times[-1])


def test_a_subreddit_is_read_once_and_what_is_deleted_later_goes(tmp_path: Path) -> None:
    """Prevents posts that are read twice or missed, and texts that stay although their author took them away."""
    api, sink, times = RedditApi(), Kept(), [NOW]
    with subreddit(api, times) as connection:
        first = run(follower(connection, sink, tmp_path, 3)[0])
        api.listings["comments"].append(json.loads(json.dumps(api.listings["comments"][0])))
        api.listings["comments"][-1]["data"]["id"] = "cc9"
        api.listings["comments"][0]["data"]["body"] = "[deleted]"
        times.append(NOW + timedelta(hours=2))
        second = run(follower(connection, sink, tmp_path, 2)[0])
    assert (first.offered, first.filtered, second.gaps) == (3, 0, [])
    kinds = [(json.loads(line)["event_type"], json.loads(line)["data"].get("deleted")) for line in sink.lines]
    assert kinds[:4] == [("post", None), ("comment", None), ("comment", None), ("comment", None)]
    gone = next(json.loads(line) for line in sink.lines if b'"deleted":true' in line)
    assert gone["data"]["comment_id"] == "t1_cc1"
    assert gone["event_time"] == "2024-05-01T12:01:00.000000Z"


def test_a_subreddit_with_more_than_its_listings_show_is_a_gap(tmp_path: Path) -> None:
    """Prevents a busy day that is missing without a row for it."""
    api, times = RedditApi(), [NOW]

    def endless(path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        status, sent, body = api(path, headers)
        return status, sent, body.replace(b'"after": null', b'"after": "t1_x"')

    Checkpoint(FolderStorage(tmp_path), "checkpoint").write('{"highest": {"t3": "1", "t1": "1"}, "watched": {}}', NOW)
    with http(endless) as address:
        known = Credentials("id", "secret")
        connection = Subreddit("trams", known, address, f"{address}/token", lambda _: None, lambda: times[-1])
        done = run(follower(connection, Kept(), tmp_path, 3)[0])
    assert "1000 things" in done.gaps[0].reason


def test_no_request_is_made_while_none_is_left(tmp_path: Path) -> None:
    """Prevents an application that Reddit bars because it keeps sending requests."""
    api, times, slept = RedditApi(), [NOW], []
    api.headers = {"X-Ratelimit-Remaining": "0.0", "X-Ratelimit-Reset": "42"}
    with subreddit(api, times) as connection:
        connection.sleep = slept.append
        frames = connection.frames("")
        found = [next(frames) for _ in range(44)]
    assert sum(not frame.raw for frame in found) == 42
    assert len([path for path in api.asked if path != "/token"]) == 2


@pytest.mark.parametrize("status", [403, 404])
def test_a_subreddit_that_cannot_be_read_says_so(status: int, tmp_path: Path) -> None:
    """Prevents a program that retries without end for what is private or missing."""
    api = RedditApi()
    api.status = status
    with subreddit(api, [NOW]) as connection, pytest.raises(UserError, match="r/trams is private"):
        run(follower(connection, Kept(), tmp_path, 1)[0])
