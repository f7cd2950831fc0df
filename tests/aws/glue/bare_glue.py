"""The Python of a Glue job: the wheel unpacked, its requirements, Glue's own packages, and nothing else installed.

Not here: Glue's runs (local_glue.py).
"""

from __future__ import annotations

import shlex
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

from infra.packaging.lock import locked
from infra.packaging.wheel import GLUE_PYTHON, IN_GLUE, build_wheel, requirements
from socialsent_assets.jobs.glue_main import SESSION
from socialsent_assets.jobs.spark_s3 import s3_config
from socialsent_assets.jobs.spark_session import prepare_environment, spark_config
from socialsent_assets.settings import Settings

# Imported by every Python that starts with the folder on its path, Spark's workers included.
REFUSE = """
import sys
FORBIDDEN = frozenset({forbidden!r})
class Refuse:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in FORBIDDEN:
            raise ModuleNotFoundError(f"Glue has no {{name}}, and the wheel does not ask for it", name=name)
sys.meta_path.insert(0, Refuse)
"""


def glue_environment(folder: Path, aws: dict[str, str]) -> dict[str, str]:
    """Variables of a process that is like a Glue job; `folder` is new and empty."""
    (wheel,) = build_wheel(folder / "wheel")
    installed = folder / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    (installed / "sitecustomize.py").write_text(REFUSE.format(forbidden=_forbidden()), encoding="utf-8")
    environ = {**aws, "PYTHONPATH": str(installed), "PYSPARK_SUBMIT_ARGS": _submit_arguments(aws)}
    prepare_environment(environ)
    return environ


def _forbidden() -> list[str]:
    """Importable names of this environment that a Glue job does not have."""
    theirs = {*requirements(), *locked([*IN_GLUE, "pandas"], GLUE_PYTHON)}
    return sorted(
        name
        for name, owners in packages_distributions().items()
        if name != "socialsent_assets" and not {owner.lower().replace("_", "-") for owner in owners} & theirs
    )


def _submit_arguments(aws: dict[str, str]) -> str:
    """What Glue itself configures: a master, memory, its connector to S3. The session's own part is the script's."""
    conf = {**spark_config(Settings.from_env({}), cores=2), **s3_config(aws)}
    words = [f"--conf {shlex.quote(f'{key}={value}')}" for key, value in conf.items() if key not in SESSION]
    return " ".join([*words, "pyspark-shell"])
