"""Settings are checked where they are read, and an error names the variable."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from socialsent_assets.settings import Settings, UserError, read_dotenv


def test_everything_kept_locally_lies_under_one_folder(tmp_path: Path) -> None:
    """Prevents files that stay behind when the home is removed."""
    settings = Settings.from_env({"SOCIALSENT_HOME": str(tmp_path)})
    places = [settings.landing, settings.cleansed, settings.analytics, settings.artifacts]
    places += [str(settings.warehouse), str(settings.dagster_home), str(settings.reports)]
    assert all(place.startswith(f"{tmp_path}/") for place in places)


def test_the_start_is_an_hour_in_utc() -> None:
    """Prevents partitions that begin at half past in someone's time zone."""
    settings = Settings.from_env({"SOCIALSENT_START": "2026-03-01T02:30+02:00"})
    assert settings.start == datetime(2026, 3, 1, 0, tzinfo=UTC)


def test_a_start_that_is_no_time_is_named() -> None:
    """Prevents a traceback for a typing error in .env."""
    with pytest.raises(UserError, match="SOCIALSENT_START=yesterday"):
        Settings.from_env({"SOCIALSENT_START": "yesterday"})


def test_dotenv_says_which_line_is_wrong(tmp_path: Path) -> None:
    """Prevents a setting that is silently not applied."""
    path = tmp_path / ".env"
    path.write_text("# comment\nexport A='1'\nnonsense\n")
    with pytest.raises(UserError, match=r"\.env:3"):
        read_dotenv(path)
    path.write_text("# comment\nexport A='1'\n\nB=2=3\n")
    assert read_dotenv(path) == {"A": "1", "B": "2=3"}


HOSTED = {
    "SOCIALSENT_SAGEMAKER_ENDPOINT": "mood",
    "SOCIALSENT_SAGEMAKER_ROLE_ARN": "arn:aws:iam::123456789012:role/service-role/endpoint",
    "SOCIALSENT_SAGEMAKER_IMAGE_URI": "123456789012.dkr.ecr.us-east-1.amazonaws.com/socialsent:1",
    "SOCIALSENT_SAGEMAKER_ARCHIVES": "s3://artifacts/lake/",
}


def test_nothing_is_hosted_unless_it_is_asked_for() -> None:
    """Prevents an endpoint that costs money because someone has AWS credentials."""
    assert Settings.from_env({}).sagemaker is None
    assert Settings.from_env({"SOCIALSENT_SAGEMAKER_ENDPOINT": ""}).sagemaker is None


def test_hosting_has_defaults_for_all_that_can_have_one() -> None:
    """Prevents a size of endpoint that no one chose."""
    hosted = Settings.from_env(HOSTED).sagemaker
    assert hosted is not None
    assert (hosted.model_group, hosted.archives) == ("mood", "s3://artifacts/lake")
    assert (hosted.memory_mb, hosted.max_concurrency) == (2048, 5)


def test_archives_lie_in_the_artifacts_tier_when_that_is_on_s3() -> None:
    """Prevents a second bucket to name where the first would do."""
    env = HOSTED | {"SOCIALSENT_SAGEMAKER_ARCHIVES": "", "SOCIALSENT_LAKE_ARTIFACTS": "s3://tier"}
    hosted = Settings.from_env(env).sagemaker
    assert hosted is not None
    assert hosted.archives == "s3://tier"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("ENDPOINT", "", "SOCIALSENT_SAGEMAKER_ENDPOINT is missing"),
        ("ENDPOINT", "my_endpoint", "letters, digits and hyphens"),
        ("ENDPOINT", "e" * 41, "at most 40"),
        ("ROLE_ARN", "endpoint", "arn:aws:iam"),
        ("IMAGE_URI", "", "SOCIALSENT_SAGEMAKER_IMAGE_URI is missing"),
        ("ARCHIVES", "", "SageMaker reads models from S3"),
        ("MODEL_GROUP", "a b", "letters, digits and hyphens"),
        ("MEMORY_MB", "2000", "1024, 2048"),
        ("MEMORY_MB", "7168", "1024, 2048"),
        ("MAX_CONCURRENCY", "0", "1 to 200"),
        ("MAX_CONCURRENCY", "-1", "1 to 200"),
        ("MAX_CONCURRENCY", "many", "1 to 200"),
    ],
)
def test_what_sagemaker_would_refuse_is_refused_before_anything_is_made(
    name: str, value: str, complaint: str
) -> None:
    """Prevents a registered model and an error from AWS half way for a typing error in .env."""
    with pytest.raises(UserError, match=complaint) as error:
        Settings.from_env(HOSTED | {f"SOCIALSENT_SAGEMAKER_{name}": value})
    assert f"SOCIALSENT_SAGEMAKER_{name}" in str(error.value)
