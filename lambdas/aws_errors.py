"""An error of AWS -> what to do about it, in a few words for the log.

Not here: whether it is tried again (the handlers, and boto3 below them).
"""

from __future__ import annotations

from typing import Any

# Codes of services and, where no service answered, names of botocore's error classes.
_ADVICE = (
    (
        "allow the function's role {permission}",
        {"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "Forbidden", "403"},
    ),
    (
        "it is not there: correct the name, or deploy the stack that makes it",
        {"NoSuchBucket", "ResourceNotFoundException", "404"},
    ),
    (
        "the credentials do not work: Lambda renews them, so if this lasts look at the function's role",
        {"ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidToken"}
        | {"NoCredentialsError", "PartialCredentialsError", "RequestExpired", "TokenRefreshRequired"}
        | {"UnrecognizedClientException"},
    ),
    (
        "it is over capacity: raise its capacity if this lasts",
        {"KMSThrottlingException", "LimitExceededException", "ProvisionedThroughputExceededException"}
        | {"RequestLimitExceeded", "SlowDown", "ThrottledException", "Throttling", "ThrottlingException", "503"},
    ),
    (
        "it cannot be reached: a function in a VPC needs an endpoint for the service there",
        {"ConnectTimeoutError", "ConnectionClosedError", "EndpointConnectionError", "ProxyConnectionError"}
        | {"ReadTimeoutError", "SSLError"},
    ),
)


def with_advice(error: Exception, target: str, permission: str) -> str:
    """One line: what failed, in the words of AWS, and what to do next.

    Args:
        error: of botocore.
        target: what was called, with the setting that names it: `stream events (STREAM_NAME)`.
        permission: what the role needs for the call.
    """
    return f"{target}: {error}; {_advice(error).format(permission=permission)}"


def _advice(error: Exception) -> str:
    answer: dict[str, Any] = getattr(error, "response", None) or {}  # none when no service answered
    code = str(answer.get("Error", {}).get("Code") or type(error).__name__)
    for advice, codes in _ADVICE:
        if code in codes:
            return advice
    if int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0) >= 500:
        return "the service itself failed, which passes"
    return "unexpected error: see its message"
