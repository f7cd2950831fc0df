"""One question to a Dagster web server over GraphQL, and what an answer, or none, means.

Every failure is one of two kinds: the next attempt may succeed (FailedError), or a person has to change something
first (RefusedError). Standard library only: an Airflow environment holds nothing of Dagster.

Not here: the queries themselves and polling (dagster_runs.py).
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any


class FailedError(Exception):
    """The attempt failed; the next one may succeed."""


class UnreachableError(FailedError):
    """The web server gave no answer, or none that makes sense."""


class RefusedError(Exception):
    """No attempt can succeed before a change by a person; the message names it."""


class WebServer:
    """A Dagster web server.

    Args:
        url: its address, as one opens it in a browser.
        authorization: value of the Authorization header; "" sends none.
        request_s: seconds that a request may take.

    Raises RefusedError for a url that is none.
    """

    def __init__(self, url: str, authorization: str = "", request_s: float = 60.0) -> None:
        if not url.startswith(("http://", "https://")):
            raise RefusedError(f"the address of Dagster is {url!r}; write it as http://HOST:PORT")
        self.url = url.rstrip("/").removesuffix("/graphql")
        self._headers = {"Content-Type": "application/json"}
        if authorization:
            self._headers["Authorization"] = authorization
        self._request_s = request_s

    def ask(self, query: str, within_s: float | None = None, **variables: object) -> dict[str, Any]:
        """The data of one GraphQL request. Raises UnreachableError, RefusedError."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", data=body, headers=self._headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=within_s or self._request_s) as response:  # noqa: S310
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            raise self._http_error(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(f"Dagster at {self.url} cannot be reached ({error})") from error
        except ValueError as error:
            raise UnreachableError(f"{self.url}/graphql does not answer in JSON (a login page?)") from error
        if answer.get("errors"):
            raise UnreachableError(f"Dagster at {self.url} answered with an error: {_messages(answer['errors'])}")
        return dict(answer["data"])

    def _http_error(self, error: urllib.error.HTTPError) -> FailedError | RefusedError:
        if error.code in (401, 403):
            return RefusedError(
                f"{self.url} requires authentication ({error}): set SOCIALSENT_DAGSTER_AUTHORIZATION_VARIABLE"
            )
        if error.code in (404, 405):
            return RefusedError(f"{self.url} is no Dagster web server ({error}): set SOCIALSENT_DAGSTER_URL")
        if error.code == http.HTTPStatus.BAD_REQUEST:
            told = error.read(2000).decode(errors="replace")
            return RefusedError(f"this Dagster does not know our query; use the DAG of its release: {told}")
        return UnreachableError(f"Dagster at {self.url} cannot be reached ({error})")


def checked(answer: dict[str, Any], wanted: str) -> dict[str, Any]:
    """A GraphQL union that must be of one type. Raises FailedError for Dagster's own trouble, else RefusedError."""
    found = answer["__typename"]
    if found == wanted:
        return answer
    told = _messages(answer["errors"]) if answer.get("errors") else answer.get("message", "no message")
    if found == "PythonError":
        raise FailedError(f"Dagster failed: {first_line(told)}")
    raise RefusedError(f"Dagster refused ({found}): {told}")


def first_line(text: str) -> str:
    """The first line with content."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "no message")


def _messages(errors: list[dict[str, Any]]) -> str:
    return "; ".join(error["message"] for error in errors)
