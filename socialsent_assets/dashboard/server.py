"""The web server: the page's files, its questions as JSON, and a stream of status changes.

    uvicorn.run(application(settings))

Not here: what the answers hold (views.py, posts.py), who may ask (access.py), the command (cli/dashboard.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from socialsent_assets.dashboard import posts as post_lists
from socialsent_assets.dashboard.access import Guard
from socialsent_assets.dashboard.csv_rows import csv_lines
from socialsent_assets.dashboard.facts import facts
from socialsent_assets.dashboard.filters import Filter, parse_filter
from socialsent_assets.dashboard.live import LiveMarts
from socialsent_assets.dashboard.reasons import model_reasons, reasons
from socialsent_assets.dashboard.snapshot import Snapshot
from socialsent_assets.dashboard.views import view
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS
from socialsent_assets.lake.lexicon_corrections import read_corrections
from socialsent_assets.warehouse.errors import WarehouseBusyError

if TYPE_CHECKING:
    from starlette.requests import Request

STATIC = Path(__file__).parent / "static"
ANSWERS_KEPT = 256
HEARTBEAT_S = 15.0
_LOOK_S = 0.5  # delay until an open page learns of a change

Answer = Callable[["Request"], Awaitable[Response]]
_Key = tuple[str, tuple[str, ...], int, Filter]


class _NotReadyError(Exception):
    """There is no snapshot to answer from."""


class Dashboard:
    """The routes over one source of snapshots."""

    def __init__(self, marts: LiveMarts) -> None:
        self._marts = marts
        self._answers: OrderedDict[_Key, bytes] = OrderedDict()
        self._answered: tuple[str, tuple[str, ...], int] | None = None
        self._computing: dict[_Key, threading.Lock] = {}

    def routes(self) -> list[Route | Mount]:
        """Page, files and questions."""
        questions: dict[str, Callable[[Request], Response]] = {
            "view": self._view,
            "facts": self._facts,
            "posts": self._posts,
            "posts.csv": self._export,
            "people": self._people,
            "why": self._why,
        }
        return [
            Route("/", _page),
            *(Route(f"/api/{name}", _answering(work)) for name, work in questions.items()),
            Route("/api/live", self._live),
            Mount("/static", _Static(directory=STATIC)),
        ]

    def _snapshot(self) -> Snapshot:
        snapshot = self._marts.snapshot
        if snapshot is None or not snapshot.texts:
            raise _NotReadyError(self._marts.status.detail or "the marts are being read")
        return snapshot

    def _filter(self, request: Request, snapshot: Snapshot) -> Filter:
        wanted = parse_filter(request.query_params)
        unknown = sorted(set(wanted.watch) - set(snapshot.watched))
        if unknown:
            raise UserError(f"{unknown[0][:40]} is not watched (any more): socialsent watch add WORD")
        return wanted

    def _view(self, request: Request) -> Response:
        snapshot = self._snapshot()
        wanted = self._filter(request, snapshot)
        key = (snapshot.version, snapshot.watched, snapshot.sampled, wanted)
        if key[:3] != self._answered:  # no word of a person who was erased stays in memory
            self._answers.clear()
            self._answered = key[:3]
        # After a build all open pages ask the same: one computes, the others wait for it.
        with self._computing.setdefault(key, threading.Lock()):
            body = self._answers.get(key)
            if body is None:
                body = self._answers[key] = _json(view(snapshot, wanted, self._table(snapshot, wanted)))
        self._computing.pop(key, None)
        while len(self._answers) > ANSWERS_KEPT:
            self._answers.popitem(last=False)
        return _response(body)

    def _table(self, snapshot: Snapshot, wanted: Filter) -> str:
        table = snapshot.table_of(wanted)
        if table is None:
            with self._marts.reading() as warehouse:
                table = snapshot.add_search(wanted.search, warehouse)
        return table

    def _facts(self, _: Request) -> Response:
        return _response(_json(facts(self._marts)))

    def _posts(self, request: Request) -> Response:
        wanted = self._filter(request, self._snapshot())
        query = request.query_params
        page = query.get("page", "0")
        with self._marts.reading() as warehouse:
            found = post_lists.posts(
                warehouse,
                wanted,
                query.get("order", "newest"),
                int(page) if page.isdigit() else -1,
                distinct=query.get("distinct") == "1",
            )
        return _response(_json(found))

    def _people(self, request: Request) -> Response:
        wanted = self._filter(request, self._snapshot())
        with self._marts.reading() as warehouse:
            return _response(_json(post_lists.people(warehouse, wanted)))

    def _export(self, request: Request) -> Response:
        wanted = self._filter(request, self._snapshot())
        order = request.query_params.get("order", "newest")
        if order not in post_lists.ORDERS:
            raise UserError(f"order is one of {', '.join(post_lists.ORDERS)}")
        with self._marts.reading() as warehouse:
            body = "".join(csv_lines(post_lists.exported(warehouse, wanted, order)))
        return Response(
            body.encode("utf-8", "replace"),
            media_type="text/csv; charset=utf-8",
            headers={
                "content-disposition": 'attachment; filename="socialsent-texts.csv"',
                "cache-control": "no-store",
            },
        )

    def _why(self, request: Request) -> Response:
        kind, text_id = request.query_params.get("kind", ""), request.query_params.get("id", "")
        with self._marts.reading() as warehouse:
            found = post_lists.text_of(warehouse, kind[:20], text_id[:1024])
        if found is None:
            return _response(_json({"error": "this text is not in the marts any more"}), 404)
        text, unscored, model = found
        if unscored:
            return _response(_json({"unscored_reason": unscored}))
        lake = self._marts.lake
        corrections = read_corrections(lake.artifacts) if lake is not None else NO_CORRECTIONS
        told = {**reasons(text, corrections), "model": model_reasons(lake, model, text)}
        return _response(_json({"unscored_reason": None, **told}))

    async def _live(self, _: Request) -> Response:
        """Server-sent events: the state now, then each change of it; comments in between keep the line open."""

        async def changes() -> AsyncIterator[str]:
            sent, waited = -1, 0.0
            while not self._marts.is_stopping:
                status = self._marts.status
                if status.number != sent:
                    sent, waited = status.number, 0.0
                    yield f"data: {json.dumps(_status(self._marts))}\n\n"
                elif waited >= HEARTBEAT_S:
                    waited = 0.0
                    yield ": still here\n\n"
                await asyncio.sleep(_LOOK_S)
                waited += _LOOK_S

        # Not compressed: a compressor would keep events back.
        headers = {"cache-control": "no-store", "content-encoding": "identity"}
        return StreamingResponse(changes(), media_type="text/event-stream", headers=headers)


class _Static(StaticFiles):
    """Files of the page; browsers revalidate them, so an upgrade is seen at the next load."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """See StaticFiles."""
        answer = super().file_response(*args, **kwargs)
        answer.headers["cache-control"] = "no-cache"
        return answer


def application(marts: LiveMarts, hosts: Sequence[str] = (), password: str | None = None) -> Starlette:
    """The server; it starts and stops the marts' watcher with itself. `hosts`, `password`: see `Guard`."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        marts.start()
        yield
        await run_in_threadpool(marts.stop)

    return Starlette(
        routes=Dashboard(marts).routes(),
        middleware=[
            Middleware(Guard, hosts=hosts, password=password),
            Middleware(GZipMiddleware, minimum_size=2000, compresslevel=5),
        ],
        lifespan=lifespan,
    )


async def _page(_: Request) -> Response:
    return FileResponse(STATIC / "index.html", headers={"cache-control": "no-cache"})


def _answering(work: Callable[[Request], Response]) -> Answer:
    """A route that computes in a thread and turns what went wrong into a status and one sentence."""

    async def answer(request: Request) -> Response:
        try:
            return await run_in_threadpool(work, request)
        except UserError as error:
            return _response(_json({"error": str(error)}), 400)
        except _NotReadyError as error:
            return _response(_json({"error": str(error)}), 503, {"retry-after": "2"})
        except WarehouseBusyError:
            wait = {"error": "the marts are being written; this list comes when they are done"}
            return _response(_json(wait), 503, {"retry-after": "2"})
        except FileNotFoundError:
            return _response(
                _json({"error": "the warehouse went away; it is looked for again"}), 503, {"retry-after": "2"}
            )

    return answer


def _status(marts: LiveMarts) -> dict[str, Any]:
    status = marts.status
    return {
        "state": status.state,
        "detail": status.detail,
        "version": status.version,
        "read_at": status.read_at.isoformat() if status.read_at else None,
        "number": status.number,
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str).encode(
        "utf-8", "replace"
    )


def _response(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, {"cache-control": "no-store", **(headers or {})}, media_type="application/json")
