"""A subreddit by Reddit's API: the newest submissions and comments, and what became of them in the two days after.

A cursor is the highest id of each kind that was read, and the things that are looked at again: Reddit wants what a
person has deleted to go within 48 hours, and its listings do not show what is gone. Listings reach back 1,000 things;
what is older is a gap. Every response has the number of requests left, and none is made when there are none.

Not here: what a thing means (sources/reddit.py).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.ingest.live.connection import DisconnectedError, Frame
from socialsent_assets.ingest.live.http import LONGEST_WAIT_S, refused, wait_asked
from socialsent_assets.ingest.records import at
from socialsent_assets.ingest.source import JsonSource
from socialsent_assets.ingest.sources import reddit

SERVER = "https://oauth.reddit.com"
TOKENS = "https://www.reddit.com/api/v1/access_token"
AGENT = "python:socialsent:1 (sentiment of public posts)"
LOOKED_AT_AGAIN = (timedelta(hours=1), timedelta(hours=24), timedelta(hours=47))
MAX_WATCHED = 20_000
"""Things that are looked at again; the oldest give way, and a subreddit this busy should be followed with --match."""
_PAGE, _PAGES = 100, 10
_POLL_S, _TICK_S, _TIMEOUT_S = 20.0, 1.0, 20
_ID = re.compile(r"[0-9a-z]{1,13}")
_LISTINGS = {"t3": "new", "t1": "comments"}


@dataclass(frozen=True)
class Credentials:
    """An application of Reddit (https://www.reddit.com/prefs/apps): its id and secret."""

    client_id: str
    secret: str


@dataclass
class _Place:
    """A cursor, taken apart.

    Attributes:
        highest: kind -> highest id that was read, in base 36; empty at first.
        watched: full name -> when it was first read (epoch seconds), and how often it was looked at again.
    """

    highest: dict[str, str] = field(default_factory=dict)
    watched: dict[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def parse(cls, cursor: str) -> _Place:
        try:
            value = json.loads(cursor)
            highest = {kind: str(value["highest"][kind]) for kind in _LISTINGS if kind in value["highest"]}
            return cls(highest, {str(name): (int(a), int(b)) for name, (a, b) in value["watched"].items()})
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def __str__(self) -> str:
        return json.dumps({"highest": self.highest, "watched": self.watched}, separators=(",", ":"))


@dataclass
class Subreddit:
    """A subreddit.

    Attributes:
        name: without r/.
        credentials: of the calling application.
        sleep: waits between two looks.
        clock: aware now.
    """

    name: str
    credentials: Credentials
    server: str = SERVER
    tokens: str = TOKENS
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _token: str = field(default="", repr=False)
    _pause_s: float = 0.0

    @property
    def key(self) -> str:
        """See `Connection.key`."""
        return f"reddit-{self.name.lower()}"

    @property
    def source(self) -> JsonSource:
        """See `Connection.source`."""
        return reddit.SOURCES[0]

    def gap(self, cursor: str, now: datetime) -> str:  # noqa: ARG002
        """See `Connection.gap`: known from the listings."""
        return ""

    def frames(self, cursor: str) -> Iterator[Frame]:
        """See `Connection.frames`."""
        import requests

        place = _Place.parse(cursor)
        with requests.Session() as session:
            session.headers["User-Agent"] = AGENT
            try:
                while True:
                    for kind in _LISTINGS:
                        yield from self._new(session, place, kind)
                    yield from self._changed(session, place)
                    yield Frame(b"", str(place))
                    yield from self._quiet(_POLL_S)
            except (requests.RequestException, OSError, ValueError) as error:
                raise DisconnectedError(f"{self.server}: {error}") from None

    def _new(self, session: Any, place: _Place, kind: str) -> Iterator[Frame]:
        """Things of a kind since the last look, oldest first."""
        before, after, found = place.highest.get(kind), None, []
        reached = before is None
        for _ in range(1 if before is None else _PAGES):
            query = {"limit": str(_PAGE), "raw_json": "1"} | ({"after": str(after)} if after else {})
            page = yield from self._get(session, f"/r/{self.name}/{_LISTINGS[kind]}", query)
            things = _things(page)
            fresh = [thing for thing in things if before is None or _number(thing) > int(before, 36)]
            found += fresh
            after = at(page, "data.after")
            if len(fresh) < len(things) or not isinstance(after, str):
                reached = True
                break
        lost = "" if reached else f"Reddit lists {_PAGE * _PAGES} things, and there were more since {kind}_{before}"
        now = int(self.clock().timestamp())
        for thing in sorted(found, key=_number):
            name = f"{kind}_{thing['data']['id']}"
            place.highest[kind] = thing["data"]["id"]
            place.watched[name] = (now, 0)
            yield Frame(_raw(thing), "", _created(thing), lost_before=lost)
            lost = ""
        place.highest.setdefault(kind, "0")
        while len(place.watched) > MAX_WATCHED:
            del place.watched[next(iter(place.watched))]

    def _changed(self, session: Any, place: _Place) -> Iterator[Frame]:
        """Those of the watched whose time has come and that were edited, removed or deleted."""
        now = self.clock().timestamp()
        due = [
            name
            for name, (since, looks) in place.watched.items()
            if now - since >= LOOKED_AT_AGAIN[looks].total_seconds()
        ]
        for start in range(0, len(due), _PAGE):
            names = due[start : start + _PAGE]
            answer = yield from self._get(session, "/api/info", {"id": ",".join(names), "raw_json": "1"})
            for thing in _things(answer):
                if reddit.is_gone(thing["data"]):
                    # The record has the time of writing, not of its removal: now is when it was found gone.
                    yield Frame(_raw({**thing, "received_at": format_time(self.clock())}))
                elif isinstance(at(thing, "data.edited"), int | float) and at(thing, "data.edited"):
                    yield Frame(_raw(thing))
            for name in names:
                since, looks = place.watched[name]
                place.watched[name] = (since, looks + 1)
                if looks + 1 == len(LOOKED_AT_AGAIN):
                    del place.watched[name]

    def _quiet(self, seconds: float) -> Iterator[Frame]:
        """Signs of life for so long."""
        for _ in range(max(1, round(seconds / _TICK_S))):
            yield Frame(b"")
            self.sleep(_TICK_S)

    def _get(self, session: Any, path: str, query: dict[str, str]) -> Generator[Frame, None, object]:
        """The answer to one request, after signs of life if none is left in this period.

        Raises:
            UserError: the subreddit or the application is rejected.
            DisconnectedError: another status than 200.
        """
        if self._pause_s:
            yield from self._quiet(self._pause_s)
            self._pause_s = 0.0
        for attempt in (1, 2):
            headers = {"Authorization": f"Bearer {self._token or self._new_token(session)}"}
            answer = session.get(f"{self.server}{path}", params=query, headers=headers, timeout=_TIMEOUT_S)
            if answer.status_code != 401 or attempt == 2:
                break
            self._token = ""  # a token lives for a day
        self._pause_s = _pause(answer.headers)
        if answer.status_code in (403, 404):
            raise UserError(
                f"r/{self.name} is private, banned or does not exist (Reddit returned {answer.status_code})"
            )
        if answer.status_code != 200:
            raise DisconnectedError(refused(self.server, answer.status_code), wait_asked(answer.headers))
        return answer.json()

    def _new_token(self, session: Any) -> str:
        answer = session.post(
            self.tokens,
            data={"grant_type": "client_credentials"},
            auth=(self.credentials.client_id, self.credentials.secret),
            timeout=_TIMEOUT_S,
        )
        if answer.status_code in (400, 401, 403):
            raise UserError(
                "Reddit does not recognise this application: create one at https://www.reddit.com/prefs/apps "
                "(script), and set SOCIALSENT_REDDIT_CLIENT_ID and SOCIALSENT_REDDIT_CLIENT_SECRET"
            )
        if answer.status_code != 200:
            raise DisconnectedError(refused(self.tokens, answer.status_code), wait_asked(answer.headers))
        token = at(answer.json(), "access_token")
        if not isinstance(token, str):
            raise DisconnectedError(f"{self.tokens} did not return a token")
        self._token = token
        return token


def _pause(headers: Mapping[str, str]) -> float:
    """Seconds without a request, where the response allows no more in this period."""
    try:
        left, reset = float(headers["X-Ratelimit-Remaining"]), float(headers["X-Ratelimit-Reset"])
    except (KeyError, ValueError):
        return 0.0
    return min(max(reset, 1.0), LONGEST_WAIT_S) if left < 1 else 0.0


def _things(page: object) -> list[dict[str, Any]]:
    """What a listing holds; what has no id is left out."""
    children = at(page, "data.children")
    if not isinstance(children, list):
        raise DisconnectedError("the response of Reddit is not a listing")
    return [thing for thing in children if _ID.fullmatch(str(at(thing, "data.id") or ""))]


def _number(thing: Any) -> int:
    return int(thing["data"]["id"], 36)


def _created(thing: Any) -> datetime | None:
    seconds = at(thing, "data.created_utc")
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None


def _raw(thing: Any) -> bytes:
    return json.dumps(thing, ensure_ascii=False).encode("utf-8", "replace")
