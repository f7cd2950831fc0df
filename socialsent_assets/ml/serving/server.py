"""The model server: `GET /ping`, `POST /invocations`, as Amazon SageMaker requires, and `POST /explain`.

`socialsent serve` runs it here; `python -m socialsent_assets.ml.serving.server` is what the container starts.
Both return what `socialsent predict` prints.

Source of paths, port and folder: Amazon SageMaker developer guide, "Custom Inference Code with Hosting
Services". Not here: the forms of a body (payloads.py), the archive (archive.py).
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections
from socialsent_assets.ml.serving.archive import MODEL_DIGEST
from socialsent_assets.ml.serving.payloads import (
    CSV,
    FORMS,
    JSON,
    JSON_LINES,
    MOST_EXPLAINED,
    InvalidBodyError,
    reasons_written,
    texts_of,
    written,
)

if TYPE_CHECKING:
    from starlette.requests import Request

    from socialsent_assets.domain.learning.cascade import SentimentModel

__all__ = ["LARGEST_BODY", "application", "model_of"]

LARGEST_BODY = 6 * 1024 * 1024
"""Bytes: what a SageMaker real-time endpoint accepts."""

BODY_WITHIN_S = 60.0
"""A real-time endpoint gives the whole request 60 seconds."""

_NAMES = ", ".join((CSV, JSON, JSON_LINES))


class _RefusedError(Exception):
    """A request that is answered with a status of its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def application(classifier: SentimentModel, corrections: Corrections = NO_CORRECTIONS) -> Starlette:
    """The server of one model, which is compiled first: every request is answered fast, the first too.

    `corrections`: of the lexicon, for the polarity that `/explain` explains.
    """
    from socialsent_assets.domain.learning.explanation import explain

    classifier.prepare()

    async def ping(_: Request) -> Response:
        return Response(status_code=200)

    async def invocations(request: Request) -> Response:
        try:
            form = _form_of(request.headers.get("content-type", JSON), 415, "Content-Type")
            wanted = _wanted(request.headers.get("accept", "*/*"), form)
            texts, single = texts_of(await _body(request), form)
        except _RefusedError as refused:
            return _complaint(refused.status, str(refused))
        except InvalidBodyError as error:
            return _complaint(400, str(error))
        # The classifier computes: it must not hold up /ping, by which SageMaker decides that we are alive.
        answer = await run_in_threadpool(lambda: written(classifier.probabilities(texts), wanted, single=single))
        return Response(answer, media_type=wanted)

    async def explanations(request: Request) -> Response:
        try:
            form = _form_of(request.headers.get("content-type", JSON), 415, "Content-Type")
            wanted = _wanted(request.headers.get("accept", "*/*"), form)
            if wanted == CSV:
                wanted = JSON  # reasons are no table
            texts, single = texts_of(await _body(request), form, MOST_EXPLAINED)
        except _RefusedError as refused:
            return _complaint(refused.status, str(refused))
        except InvalidBodyError as error:
            return _complaint(400, str(error))
        answer = await run_in_threadpool(
            lambda: reasons_written(
                [explain(text, classifier, corrections=corrections) for text in texts], wanted, single=single
            )
        )
        return Response(answer, media_type=wanted)

    return Starlette(
        routes=[
            Route("/ping", ping, methods=["GET"]),
            Route("/invocations", invocations, methods=["POST"]),
            Route("/explain", explanations, methods=["POST"]),
        ]
    )


def _form_of(media_type: str, status: int, header: str) -> str:
    form = FORMS.get(media_type.split(";")[0].strip().lower())
    if form is None:
        raise _RefusedError(status, f"{header} {media_type!r} is not known: use one of {_NAMES}")
    return form


def _wanted(accept: str, form: str) -> str:
    """The first form that the client accepts; its own form when it does not care."""
    offered = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    if any(part in ("", "*/*") for part in offered):
        return form
    known = [FORMS[part] for part in offered if part in FORMS]
    return known[0] if known else _form_of(accept, 406, "Accept")


async def _body(request: Request) -> bytes:
    """The body, read no further than the limit whatever the client announced, and for no longer than it may take."""
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for part in request.stream():
                size += len(part)
                if size > LARGEST_BODY:
                    raise _RefusedError(
                        413, f"the body is larger than {LARGEST_BODY} bytes: send fewer texts per request"
                    )
                parts.append(part)
    except TimeoutError:
        raise _RefusedError(408, f"the body did not arrive within {BODY_WITHIN_S:.0f} seconds") from None
    except ClientDisconnect:  # nobody is there to read the response, and it is no error of ours
        raise _RefusedError(400, "the client closed the connection before the body ended") from None
    return b"".join(parts)


def _complaint(status: int, message: str) -> Response:
    return Response(json.dumps({"error": message}), status, media_type=JSON)


def model_of(environment: Mapping[str, str]) -> SentimentModel:
    """The verified classifier of the folder into which SageMaker unpacks the model archive.

    Raises:
        UserError: there is none.
        ModelRefusedError: as `read_model`, and when it is not the model that `MODEL_DIGEST` names: anyone who can
            write to the bucket could else put another model, with a card of its own, in its place.
    """
    from socialsent_assets.domain.learning.cascade import opened
    from socialsent_assets.domain.learning.model_card import CLASSIFIER, ModelRefusedError
    from socialsent_assets.lake.storage.local import FolderStorage
    from socialsent_assets.ml.registry import read_model

    folder = Path(environment.get("SM_MODEL_DIR", "/opt/ml/model"))
    model = read_model(FolderStorage(folder), "", CLASSIFIER)
    if environment.get(MODEL_DIGEST, model.digest) != model.digest:
        raise ModelRefusedError(
            f"{folder} holds model {model.digest[:12]}, {MODEL_DIGEST} names another: host it again"
        )
    return opened(model.files)


def main() -> None:
    """Serve the container's model on the port that SageMaker names."""
    import uvicorn

    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    uvicorn.run(application(model_of(os.environ)), host="0.0.0.0", port=port)  # noqa: S104 - a container's only door


if __name__ == "__main__":
    main()
