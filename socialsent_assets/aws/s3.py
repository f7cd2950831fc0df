"""The S3 client of this process, addresses, and S3's errors as one line with the next step.

Which account, region and endpoint: whatever boto3's own chain finds (environment, profile, role of the container).

Not here: objects of a tier (lake/storage/s3.py).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.errors import UserError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_s3 import S3Client

SCHEME = "s3://"
# Attempts with a growing pause between them: about 15 seconds in all, which outlasts S3's usual throttling.
_ATTEMPTS = 6
_READS = 3
_CONNECT_S, _READ_S = 5, 60
_CONNECTIONS = 32

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_REFUSED = frozenset({"AccessDenied", "AllAccessDisabled", "AccountProblem", "403", "Forbidden"})
_UNKNOWN_IDENTITY = frozenset({"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken"})


class StorageError(OSError):
    """S3 was unreachable or failed after all retries. The same call may work later."""


class ReplacedError(StorageError):
    """An object was replaced by another writer while it was read. Reading again sees the new one whole."""


def is_s3_uri(uri: str) -> bool:
    """Whether a tier is in S3."""
    return uri.startswith(SCHEME)


def parse_s3_uri(uri: str) -> tuple[str, str]:
    """Bucket and prefix (without a slash at either end) of `s3://bucket/prefix`.

    >>> parse_s3_uri("s3://lake/cleansed/"), parse_s3_uri("s3://lake")
    (('lake', 'cleansed'), ('lake', ''))

    Raises:
        UserError: it names no bucket.
    """
    bucket, _, prefix = uri.removeprefix(SCHEME).partition("/")
    if not is_s3_uri(uri) or not bucket:
        raise UserError(f"{uri} names no bucket: write s3://BUCKET/PREFIX")
    return bucket, prefix.strip("/")


def endpoint_url(environ: Mapping[str, str] = os.environ) -> str | None:
    """Where S3 is, if not at AWS; the variables are those of every AWS SDK."""
    return environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or None


def s3_client() -> S3Client:
    """The client of this process, made with the first call: that takes a third of a second."""
    # A forked process must not share connections, and another environment is another account or endpoint.
    return _client(os.getpid(), tuple(sorted((k, v) for k, v in os.environ.items() if k.startswith("AWS_"))))


@lru_cache(maxsize=2)
def _client(_process: int, _environment: tuple[tuple[str, str], ...]) -> S3Client:
    import boto3
    import botocore.session
    from botocore.config import Config

    config = Config(
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        max_pool_connections=_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": int(os.environ.get("AWS_MAX_ATTEMPTS") or _ATTEMPTS)},
        # Emulators of S3 have no host name per bucket.
        s3={"addressing_style": "path"} if endpoint_url() else {},
    )
    # A session of its own: boto3's default one must not be used by several threads while it is being set up.
    session = botocore.session.get_session()
    # Half of a listing's CPU is dateutil's guess at the format of each LastModified; the AWS CLI replaces it too.
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_timestamp)
    return boto3.session.Session(botocore_session=session).client("s3", config=config)


def _timestamp(text: str) -> datetime:
    """A time of a listing, which is ISO 8601, or of a header, which is not."""
    from botocore.utils import parse_timestamp

    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return parse_timestamp(text)


def get(bucket: str, key: str, **conditions: str) -> bytes:
    """Content of an object, or of a `Range` of it, if `IfMatch` holds. Raises as `told` does.

    botocore repeats requests, but not the reading of an answer that breaks off: that is repeated here.
    """
    from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError

    with told("s3:GetObject", f"{SCHEME}{bucket}/{key}"):
        for _ in range(_READS - 1):
            answer = s3_client().get_object(Bucket=bucket, Key=key, **conditions)  # type: ignore[arg-type]
            with contextlib.suppress(IncompleteReadError, ReadTimeoutError, ResponseStreamingError):
                return answer["Body"].read()
        answer = s3_client().get_object(Bucket=bucket, Key=key, **conditions)  # type: ignore[arg-type]
        return answer["Body"].read()


@contextlib.contextmanager
def told(action: str, uri: str) -> Iterator[None]:
    """Raise what S3 answers as one line.

    Args:
        action: the permission that the request needs, `s3:GetObject`.
        uri: what it is about.

    Raises:
        FileNotFoundError: there is no such object.
        ReplacedError: the object is not the requested version.
        UserError: bucket, credentials or permissions are not as they should be.
        StorageError: anything else, after the retries.
    """
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _in_words(error, action, uri) from error
    except (BotoCoreError, Boto3Error) as error:
        if isinstance(error.__context__, ClientError):  # an upload's own error is about the answer behind it
            raise _in_words(error.__context__, action, uri) from error
        if isinstance(error, _no_credentials()):
            raise UserError(
                f"no AWS credentials that can be used for {uri} ({_line(error)}): set AWS_PROFILE, export "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in with `aws sso login`"
            ) from error
        where = f" at {endpoint_url()} (AWS_ENDPOINT_URL)" if endpoint_url() else ""
        raise StorageError(
            f"{uri}: S3{where} cannot be reached ({_line(error).split(':')[0]}); try again when it can"
        ) from error


def _in_words(error: ClientError, action: str, uri: str) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    bucket = uri.removeprefix(SCHEME).partition("/")[0]
    if code == "NoSuchBucket":
        return UserError(
            f"there is no bucket {bucket}: create it, or correct the SOCIALSENT_LAKE_* setting that names it"
        )
    if code in ("NoSuchKey", "404", "NotFound"):
        return FileNotFoundError(f"no object {uri}")
    if code in ("PreconditionFailed", "412"):
        return ReplacedError(f"{uri} was replaced by another run while it was read; try again")
    if code in _EXPIRED:
        return UserError(
            f"the AWS credentials have expired ({uri}): renew them (`aws sso login`, or export new ones) and run the "
            "same command again; whatever was finished stays"
        )
    if code in _UNKNOWN_IDENTITY:
        return UserError(f"S3 does not know these AWS credentials ({code}, {uri}): see aws sts get-caller-identity")
    if code in _REFUSED:
        return UserError(
            f"S3 refuses {action} on {uri} ({code}): give it to the identity that `aws sts get-caller-identity` shows"
        )
    return StorageError(f"{uri}: {action} failed for good with {code} ({status}): {_line(error)}")


def _no_credentials() -> tuple[type[Exception], ...]:
    from botocore import exceptions as e

    return (
        e.NoCredentialsError,
        e.PartialCredentialsError,
        e.CredentialRetrievalError,
        e.ProfileNotFound,
        e.SSOError,
        e.TokenRetrievalError,
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
