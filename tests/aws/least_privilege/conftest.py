"""One account per session, as size small describes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws.least_privilege.account import Account, account_of
from tests.aws.least_privilege.calls import STANDING
from tests.infra.conftest import everything, small, synthesis_folder
from tests.infra.synthesized import Assembly

__all__ = ["everything", "small", "synthesis_folder"]


@pytest.fixture(scope="session")
def account(small: Assembly) -> Iterator[Account]:
    with account_of(small) as running:
        for bucket, key in STANDING:
            running.admin("s3").put_object(Bucket=bucket, Key=key, Body=b"")
        yield running
