"""The wheel that Glue installs: what the Spark jobs need of this package, with exact versions of what they import.

Not what `pip wheel .` would give: that one requires Dagster, dbt and a second Spark, and Glue would install all of it
over its own at every start. This one holds the modules that the jobs import, and requires only what Glue lacks.

The file's name has to stay what it is: pip rejects a wheel whose name lacks name, version and tags, and CDK
renames what it uploads as an asset to a hash. So upload the folder as it is (`BucketDeployment` of build/wheels);
`--additional-python-modules` names `s3://BUCKET/PREFIX/` and the file. Glue fetches it at every start.

Not here: the job's settings (infra/stacks/), the script that starts it (infra/glue/).
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
from pathlib import Path

from infra.packaging.archives import BUILD, ROOT, write_zip
from infra.packaging.imports import imported_files
from infra.packaging.lock import locked

FOLDER = BUILD / "wheels"
PACKAGE = "socialsent_assets"
ENTRY = "socialsent_assets.jobs.glue_main"
DATA = "socialsent_assets/domain"  # the folder whose files that are not modules go along: lexicons, lists of words

GLUE_PYTHON = "3.11"  # of Glue 5.1
IN_GLUE = ("pyspark", "py4j", "boto3", "botocore")
NEEDED = (
    *("dagster-pipes", "nltk", "numba", "numpy", "pyarrow", "scikit-learn", "scipy"),
    "pyiceberg[sql-sqlite]",  # commits; its errors are distinguished from those of SQLAlchemy, which the extra brings
)


def version() -> str:
    """Version of this package."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def wheel_path(folder: Path = FOLDER) -> Path:
    """Where the wheel is written, under the one name that pip takes."""
    return folder / f"{PACKAGE}-{version()}-py3-none-any.whl"


def build_wheel(folder: Path = FOLDER) -> dict[Path, bool]:
    """Write the wheel and remove those of other versions; path -> whether it is new or changed."""
    target = wheel_path(folder)
    for old in folder.glob(f"{PACKAGE}-*.whl"):
        if old != target:
            old.unlink()
    return {target: write_zip(target, wheel_files())}


def requirements() -> dict[str, str]:
    """Name -> version of everything that Glue has to install, nothing left to its resolver."""
    return locked(NEEDED, GLUE_PYTHON, without=IN_GLUE)


def wheel_files() -> dict[str, bytes]:
    """Path in the wheel -> content (https://packaging.python.org/en/latest/specifications/binary-distribution-format/)."""
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in _sources()}
    info = f"{PACKAGE}-{version()}.dist-info"
    files[f"{info}/METADATA"] = _metadata().encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: socialsent\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/licenses/LICENSE"] = (ROOT / "LICENSE").read_bytes()
    record = "".join(f"{name},{_record(content)}\n" for name, content in sorted(files.items()))
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    return files


def _sources() -> set[Path]:
    data = {path for path in (ROOT / DATA).rglob("*") if path.is_file() and _is_data(path)}
    return imported_files(ENTRY) | data


def _is_data(path: Path) -> bool:
    return path.suffix != ".py" and "__pycache__" not in path.parts and not path.name.startswith(".")


def _metadata() -> str:
    needs = "".join(f"Requires-Dist: {name}=={number}\n" for name, number in requirements().items())
    return (
        f"Metadata-Version: 2.4\nName: {PACKAGE.replace('_', '-')}\nVersion: {version()}\n"
        f"Summary: The Spark jobs of SocialSent, for AWS Glue.\nLicense-File: LICENSE\n"
        f"Requires-Python: >={GLUE_PYTHON}\n{needs}"
    )


def _record(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"sha256={digest},{len(content)}"
