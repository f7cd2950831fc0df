"""The synthesized templates, once per session and size, however many processes run the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra.sizes import SIZES_FILE
from tests.infra.synthesized import Assembly, synthesized

# What neither size switches on, switched on: (line of sizes.toml as it is in `small`, as it is to be).
EVERYTHING = (
    ('kind = "serverless"', 'kind = "provisioned"'),
    ("interface_endpoints = []", 'interface_endpoints = ["ecr.dkr", "logs"]'),
    ("load_balancer = false", "load_balancer = true"),
    ('domain = ""', 'domain = "dagster.example.org"'),
    ('certificate_arn = ""', 'certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/ab"'),
    ("allowed_cidrs = []", 'allowed_cidrs = ["10.8.0.0/16"]'),
    ("airflow = false", "airflow = true"),
    ("emails = []", 'emails = ["on-call@example.org"]'),
    ("phones = []", 'phones = ["+491701234567"]'),
    ('fixed_archive = ""', 'fixed_archive = "s3://models/model.tar.gz"'),
    ('fixed_digest = ""', 'fixed_digest = "0123abcd"'),
    ("quicksight = false", "quicksight = true"),
    (
        'quicksight_principal_arn = ""',
        'quicksight_principal_arn = "arn:aws:quicksight:eu-central-1:111122223333:user/default/me"',
    ),
    ("budget_by_tag = false", "budget_by_tag = true"),
)


@pytest.fixture(scope="session")
def synthesis_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this session share."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "synthesized"


@pytest.fixture(scope="session")
def small(synthesis_folder: Path) -> Assembly:
    """Size small."""
    return synthesized("small", synthesis_folder / "small")


@pytest.fixture(scope="session")
def production(synthesis_folder: Path) -> Assembly:
    """Size production."""
    return synthesized("production", synthesis_folder / "production")


@pytest.fixture(scope="session")
def everything(synthesis_folder: Path) -> Assembly:
    """Size small with every option that a size can switch on: a cluster, Airflow, QuickSight, a load balancer …"""
    text = SIZES_FILE.read_text(encoding="utf-8")
    for before, after in EVERYTHING:
        assert before in text, f"sizes.toml has no {before}"
        text = text.replace(before, after, 1)  # the first is that of `small`
    folder = synthesis_folder / "everything"
    folder.mkdir(parents=True, exist_ok=True)
    sizes = folder / f"sizes-{os.getpid()}.toml"
    sizes.write_text(text, encoding="utf-8")
    return synthesized("small", folder, "--sizes", str(sizes))


@pytest.fixture(scope="session", params=["small", "production"])
def assembly(request: pytest.FixtureRequest) -> Assembly:
    """Each size in turn."""
    return request.getfixturevalue(request.param)
