"""One embedded AWS for the tests of this folder."""

from __future__ import annotations

import pytest

from socialsent_assets.local_aws.server import embedded_aws


@pytest.fixture(scope="session")
def aws():
    with embedded_aws() as running:
        yield running
