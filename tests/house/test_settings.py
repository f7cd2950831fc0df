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
    """Prevents partitions that begin at half past in somebody's time zone."""
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
