"""Clients of Glue and Athena, and what AWS rejects as one line with the next step.

Which account and region: whatever boto3's own chain finds (environment, profile, role of the container).

Not here: S3 (s3.py), statements (warehouse/athena/engine.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from socialsent_assets.domain.events.errors import UserError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

Service = Literal["glue", "athena", "redshift"]
ATTEMPTS = 8
"""Attempts of one call, with a growing pause between them: about a minute, which outlasts the usual throttling."""

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN_IDENTITY = frozenset({"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_BUSY = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"})
_WHO = "the identity that `aws sts get-caller-identity` shows"


class AwsCallError(RuntimeError):
    """A service was unreachable or failed after all retries. The same call may work later."""


def aws_client(service: Service) -> Any:
    """A new client that retries throttling, server errors and broken connections."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": ATTEMPTS})
    session: Any = boto3.session.Session()  # its stubs list every service there is
    return session.client(service, config=config)


@contextlib.contextmanager
def explained(service: Service, about: str) -> Iterator[None]:
    """Translate a service's errors to one line; `about` is the object of the call, like `database marts`.

    Raises:
        UserError: credentials, permissions, names or the request are not as they should be.
        AwsCallError: anything else, after the retries.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _in_words(error, service, about) from error
    except BotoCoreError as error:
        if isinstance(error, _no_account()):
            raise UserError(
                f"no AWS credentials or region for {service} ({_line(error)}): set AWS_PROFILE or AWS_ACCESS_KEY_ID, "
                "AWS_SECRET_ACCESS_KEY and AWS_REGION, or log in with `aws sso login`"
            ) from error
        raise AwsCallError(f"{service} cannot be reached ({_line(error)}); try again when it can") from error


def _in_words(error: ClientError, service: Service, about: str) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    message = " ".join(str(error.response.get("Error", {}).get("Message") or code).split())
    action = f"{service}:{error.operation_name}"
    if code in _EXPIRED:
        return UserError(
            "the AWS credentials have expired: renew them (`aws sso login`, or export new ones) and run the same "
            "command again; whatever was finished stays"
        )
    if code in _UNKNOWN_IDENTITY:
        return UserError(f"{service} does not know these AWS credentials ({code}): see aws sts get-caller-identity")
    if code in _DENIED:
        return UserError(f"{action} is not allowed on {about}: give it to {_WHO} ({message})")
    if code == "EntityNotFoundException":
        return UserError(
            f"there is no {about} in the Glue Data Catalog ({message}): deploy the lake stack again "
            "(docs/deploy-aws.md), or correct SOCIALSENT_GLUE_DATABASE_CLEANSED or "
            "SOCIALSENT_GLUE_DATABASE_ANALYTICS"
        )
    if code == "InvalidRequestException":
        return UserError(f"{action} refused {about}: {message}")
    if code in _BUSY:
        return AwsCallError(f"{action} is throttled, {ATTEMPTS} times in a row ({about}); try again in a moment")
    return AwsCallError(f"{action} failed for good on {about}: {code}, {message}")


def _no_account() -> tuple[type[Exception], ...]:
    from botocore import exceptions as e

    return (
        e.NoCredentialsError,
        e.PartialCredentialsError,
        e.CredentialRetrievalError,
        e.NoRegionError,
        e.ProfileNotFound,
        e.SSOError,
        e.TokenRetrievalError,
    )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
