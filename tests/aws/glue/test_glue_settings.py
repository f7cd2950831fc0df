"""Selection of the compute side by settings; nothing of AWS is loaded without need."""

import subprocess
import sys

import pytest

from socialsent_assets.resources import build
from socialsent_assets.resources.compute import LocalCompute
from socialsent_assets.resources.glue import GlueSpark
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.settings import Settings, UserError

GLUE = {
    "SOCIALSENT_COMPUTE": "glue",
    "SOCIALSENT_GLUE_JOB_CLEANSE": "socialsent-cleanse",
    "SOCIALSENT_GLUE_JOB_SCORE": "socialsent-score",
    "SOCIALSENT_GLUE_JOB_UPKEEP": "socialsent-upkeep",
    "SOCIALSENT_GLUE_DEADLINE_MINUTES": "45",
    **{f"SOCIALSENT_LAKE_{tier}": f"s3://lake/{tier.lower()}" for tier in ("LANDING", "CLEANSED", "ANALYTICS")},
    "SOCIALSENT_LAKE_ARTIFACTS": "s3://artifacts",
}


def lake_of(settings: Settings) -> LakeResource:
    tiers = ("landing", "cleansed", "analytics", "artifacts")
    return LakeResource(**{tier: getattr(settings, tier) for tier in tiers})


def test_settings_alone_move_the_jobs_to_glue() -> None:
    """Prevents a deployment that needs other code than one machine."""
    settings = Settings.from_env(GLUE)
    compute = build._compute(settings, lake_of(settings))
    assert isinstance(compute, GlueSpark)
    jobs = (compute.cleanse_job, compute.score_job, compute.upkeep_job)
    assert jobs == ("socialsent-cleanse", "socialsent-score", "socialsent-upkeep")
    assert (compute.pipes, compute.deadline_minutes) == ("s3://artifacts/pipes", 45)
    local = Settings.from_env({})
    assert isinstance(build._compute(local, lake_of(local)), LocalCompute)


@pytest.mark.parametrize("missing", [f"SOCIALSENT_GLUE_JOB_{job}" for job in ("CLEANSE", "SCORE", "UPKEEP")])
def test_a_missing_job_is_named_at_the_start(missing: str) -> None:
    """Prevents a deployment that fails with its first hour."""
    with pytest.raises(UserError, match=missing):
        Settings.from_env({name: value for name, value in GLUE.items() if name != missing})


def test_one_machine_loads_nothing_of_aws() -> None:
    """Prevents a start that is a second slower for what only a deployment uses."""
    code = (
        "import sys\n"
        "from socialsent_assets.resources import build\n"
        "from socialsent_assets.resources.lake import LakeResource\n"
        "from socialsent_assets.settings import Settings\n"
        "lake = LakeResource(landing='l', cleansed='c', analytics='a', artifacts='r')\n"
        "build._compute(Settings.from_env({}), lake)\n"
        "print([name for name in ('boto3', 'dagster_aws', 'dagster_pipes') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert "'boto3'" not in done.stdout, done.stdout
    assert "'dagster_aws'" not in done.stdout, done.stdout
