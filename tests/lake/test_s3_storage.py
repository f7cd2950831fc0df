"""S3 that throttles, fails, breaks off, denies or is not there: retries, or one line with the next step.

moto never does any of it, so answers are put in before a request is sent. What every storage promises is tested in
test_storage.py.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from socialsent_assets.aws.s3 import StorageError, parse_s3_uri, s3_client
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.storage.open import storage_at

SIX_ATTEMPTS = 6


class Answers:
    """Answers `code` to the next `times` requests of an operation instead of sending them."""

    def __init__(self) -> None:
        self.requests = 0

    def __call__(self, operation: str, code: str, status: int, times: int = 10_000) -> None:
        body = f"<Error><Code>{code}</Code><Message>{code}, says the test</Message></Error>".encode()
        self.by(operation, lambda request: answer(request, status, body), times)

    def by(self, operation: str, make: Callable[[Any], AWSResponse | None], times: int = 10_000) -> None:
        """`make` is given each request, and answers it or raises."""
        left = iter(range(times))

        def instead(request: Any, **_: Any) -> AWSResponse | None:
            self.requests += 1
            return make(request) if next(left, None) is not None else None

        s3_client().meta.events.register(f"before-send.s3.{operation}", instead)  # type: ignore[arg-type]


def answer(request: Any, status: int, body: bytes, length: int | None = None) -> AWSResponse:
    headers = HTTPHeaders()
    headers["Content-Length"] = str(length or len(body))
    return AWSResponse(request.url, status, headers, _Raw(body))


class _Raw(io.BytesIO):
    """What urllib3 would hand over."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


@pytest.fixture
def tier(bucket: str) -> Storage:
    return storage_at(f"s3://{bucket}/tier")


@pytest.fixture
def s3_answers(bucket: str, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Faults of the client of this test; retries do not pause."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None))
    monkeypatch.setenv("AWS_SDK_UA_APP_ID", bucket)  # another environment, hence a client of its own
    return Answers()


@pytest.mark.parametrize(("code", "status"), [("SlowDown", 503), ("InternalError", 500), ("RequestTimeout", 400)])
@pytest.mark.parametrize("operation", ["PutObject", "GetObject", "ListObjectsV2", "DeleteObject", "HeadObject"])
def test_a_passing_fault_is_waited_out(
    tier: Storage, s3_answers: Answers, operation: str, code: str, status: int
) -> None:
    """Prevents a run that fails because S3 returned SlowDown once."""
    tier.write("a/gone", b"x")
    s3_answers(operation, code, status, times=3)
    tier.write("a/b", b"content")
    tier.delete("a/gone")
    assert [info.key for info in tier.list("a")] == ["a/b"]
    assert tier.read("a/b") == b"content"
    assert s3_answers.requests >= 4


def test_a_fault_that_stays_is_an_error_after_six_attempts(tier: Storage, s3_answers: Answers) -> None:
    """Prevents a process that retries without end, and one that takes a failed write for done."""
    s3_answers("PutObject", "SlowDown", 503)
    with pytest.raises(StorageError, match=r"s3:PutObject failed for good with SlowDown \(503\)") as told:
        tier.write("a/b", b"content")
    assert s3_answers.requests == SIX_ATTEMPTS
    assert "\n" not in str(told.value)


def test_an_answer_that_breaks_off_is_read_again(tier: Storage, s3_answers: Answers) -> None:
    """Prevents half an object that is taken for a whole one, or a run lost to one dropped connection."""
    tier.write("a/b", b"the whole content")
    s3_answers.by("GetObject", lambda request: answer(request, 200, b"the who", length=17), times=2)
    assert tier.read("a/b") == b"the whole content"
    assert s3_answers.requests == 3


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("NoSuchBucket", 404, "there is no bucket lake-.*: create it, or correct the SOCIALSENT_LAKE_"),
        ("AccessDenied", 403, "S3 refuses s3:GetObject on s3://lake-.*/tier/a/b .*: give it to the identity"),
        ("ExpiredToken", 400, "the AWS credentials have expired .*: renew them"),
        ("InvalidAccessKeyId", 403, "S3 does not know these AWS credentials"),
    ],
)
def test_what_the_user_can_mend_is_told_at_once_and_in_one_line(
    tier: Storage, s3_answers: Answers, code: str, status: int, words: str
) -> None:
    """Prevents a traceback of botocore, and retries of what no retry mends."""
    s3_answers("GetObject", code, status)
    with pytest.raises(UserError, match=words) as told:
        tier.read("a/b")
    assert s3_answers.requests == 1
    assert "\n" not in str(told.value)


def test_a_refused_head_names_the_permission_though_it_has_no_body(tier: Storage, s3_answers: Answers) -> None:
    """Prevents an AccessDenied that reads as 'there is no such object', so that it is written again and again."""
    s3_answers.by("HeadObject", lambda request: answer(request, 403, b""))
    with pytest.raises(UserError, match=r"S3 refuses s3:GetObject on .* \(403\)"):
        tier.write("a/b", b"x")


def test_a_bucket_that_is_not_there_is_told_by_the_real_server(bucket: str) -> None:
    """Prevents words that match our own imitation of S3 alone."""
    nowhere = storage_at(f"s3://{bucket}-misspelt/tier")
    for ask in (lambda: nowhere.list("a"), lambda: nowhere.read("a/b"), lambda: nowhere.write("a/b", b"x")):
        with pytest.raises(UserError, match=f"there is no bucket {bucket}-misspelt"):
            ask()


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (EndpointConnectionError(endpoint_url="http://x"), StorageError, "S3 at http.* cannot be reached"),
        (NoCredentialsError(), UserError, "no AWS credentials that can be used for .*: set AWS_PROFILE"),
    ],
)
def test_an_s3_that_cannot_be_asked_says_what_is_missing(
    tier: Storage, s3_answers: Answers, error: Exception, kind: type[Exception], words: str
) -> None:
    """Prevents an hour that looks empty because its listing failed."""

    def fail(_request: Any) -> None:
        raise error

    s3_answers.by("*", fail)
    for ask in (lambda: tier.list("a"), lambda: tier.read("a/b"), lambda: tier.folders("")):
        with pytest.raises(kind, match=words):
            ask()


def test_a_listing_of_many_pages_is_complete(tier: Storage, s3_answers: Answers) -> None:
    """Prevents an hour of which only the first thousand objects are read."""
    for number in range(7):
        tier.write(f"a/{number}", b"x")
        tier.write(f"a/folder-{number}/x", b"x")

    def smaller(params: dict[str, Any], **_: Any) -> None:
        params["MaxKeys"] = 3

    s3_client().meta.events.register("before-parameter-build.s3.ListObjectsV2", smaller)
    s3_answers.by("ListObjectsV2", lambda _request: None)
    assert len(tier.list("a")) == len(tier.folders("a")) == 7
    tier.remove("a")
    assert tier.folders("") == []
    assert s3_answers.requests > 10


def test_a_listing_and_a_header_tell_the_same_time(tier: Storage) -> None:
    """Prevents a client that reads the ISO times of a listing quickly and fails on the times of headers."""
    tier.write("a", b"1")
    page = s3_client().list_objects_v2(Bucket=parse_s3_uri(tier.uri)[0])
    [listed] = [item["LastModified"] for item in page["Contents"]]
    assert listed.replace(microsecond=0) == tier.changed_at("a").replace(microsecond=0)
    assert listed.utcoffset() == timedelta(0)


def test_the_same_bytes_are_recognised_however_they_came_there(bucket: str, tier: Storage) -> None:
    """Prevents a landing object of the Lambda, which keeps no digest with it, that is written again."""
    s3_client().put_object(Bucket=bucket, Key="tier/a/b", Body=b"content")
    assert tier.write("a/b", b"content") is False
    assert tier.write("a/b", b"CONTENT") is True


def test_an_upload_that_is_refused_is_told_like_any_other_refusal(
    tier: Storage, s3_answers: Answers, tmp_path: Path
) -> None:
    """Prevents 'S3 cannot be reached' for a permission that is missing: boto3 wraps errors of uploads."""
    (tmp_path / "x").write_bytes(b"x")
    s3_answers("PutObject", "AccessDenied", 403)
    with pytest.raises(UserError, match="S3 refuses s3:PutObject on s3://"):
        tier.adopt("a/b", tmp_path / "x")
