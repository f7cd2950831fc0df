"""One account per module, provisioned from size small, and the drive from the tick to landing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.wired.account import Account, new_account, provision
from tests.infra.conftest import everything, small, synthesis_folder
from tests.infra.synthesized import Assembly

__all__ = ["everything", "small", "synthesis_folder"]


@pytest.fixture(scope="session")
def empty_account() -> Iterator[Account]:
    """A server of this folder's own; each module makes it a new account."""
    with new_account() as aws:
        yield aws


@pytest.fixture(scope="module")
def aws(empty_account: Account, small: Assembly) -> Account:
    """The account of size small."""
    empty_account.forget_everything()
    provision(small, empty_account)
    return empty_account


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wired")
