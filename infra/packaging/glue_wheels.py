"""Everything that a Glue job installs, as one zip of wheels: ours, and those of the locked versions that it needs.

Glue 5.0 and later install such a zip from S3 with `--no-index` (AWS Glue developer guide, "Using Python libraries
with AWS Glue": zip of wheels, whose name has to end in `.gluewheels.zip`). No node downloads from PyPI, so a run
neither waits for a package index nor takes whatever it has now.

The wheels are packed again from the installed packages, every file checked against the digest that its own wheel
recorded: no download, and what is shipped is what the tests ran with. So they have to be made where Python and
machine are Glue's: Python 3.11 on Linux x86_64.

Not here: our own wheel (wheel.py).
"""

from __future__ import annotations

import base64
import hashlib
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution, PackagePath, distribution
from pathlib import Path

from infra.packaging.archives import write_zip, zipped
from infra.packaging.wheel import FOLDER, GLUE_PYTHON, build_wheel, requirements

NAME = "socialsent.gluewheels.zip"
GLUE_GLIBC = (2, 34)
"""Of Amazon Linux 2023, which Glue 5.1 runs on; wheels for a newer one do not load."""

_MADE_BY_INSTALLERS = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json", "uv_build.json")


class GlueWheelsError(RuntimeError):
    """The installed packages cannot be packed for Glue; the message names the next step."""


def build_glue_wheels(folder: Path = FOLDER, needed: Mapping[str, str] | None = None) -> dict[Path, bool]:
    """Write the zip, and our wheel beside it; path -> whether it is new or changed.

    Args:
        folder: where to.
        needed: name -> version of the packages besides ours; None: what Glue has to install.

    Raises:
        GlueWheelsError: this is not Glue's Python or machine, or something else than uv.lock names is installed.
    """
    needed = requirements() if needed is None else needed
    if needed:
        _check_machine()
    found = {name: distribution(name) for name in needed}
    for name, version in needed.items():
        if found[name].version != version:
            raise GlueWheelsError(
                f"{name} {found[name].version} is installed, uv.lock names {version}: run make install"
            )
    built = build_wheel(folder)
    (ours,) = built
    wheels = {ours.name: ours.read_bytes()}
    for installed in found.values():
        wheels[wheel_name(installed)] = zipped(_files(installed), level=1)
    target = folder / NAME
    return {**built, target: write_zip(target, wheels, level=0)}  # wheels are compressed already


def wheel_name(installed: Distribution) -> str:
    """File name of a wheel with the tags that the installed one had."""
    tags = [line.partition(": ")[2] for line in _lines(installed, "WHEEL") if line.startswith("Tag: ")]
    parts = [sorted({tag.split("-")[part] for tag in tags}) for part in range(3)]
    project = _info(installed).removesuffix(".dist-info")
    return "-".join([project, *(".".join(part) for part in parts)]) + ".whl"


def needs_glibc(wheel: str) -> tuple[int, int]:
    """Oldest glibc that one of a wheel's tags is for; (0, 0) for one without compiled code."""
    tags = wheel.removesuffix(".whl").rpartition("-")[2].split(".")
    found = [tag.removeprefix("manylinux_").split("_")[:2] for tag in tags if tag.startswith("manylinux_")]
    old = [(2, 17) for tag in tags if tag.startswith("manylinux2014")]
    return min([*((int(major), int(minor)) for major, minor in found), *old], default=(0, 0))


def _check_machine() -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if (here, sys.platform, platform.machine()) != (GLUE_PYTHON, "linux", "x86_64"):
        raise GlueWheelsError(
            f"Glue runs Python {GLUE_PYTHON} on Linux x86_64, and this is {here} on {sys.platform} "
            f"{platform.machine()}: build there, for instance in the container image"
        )


def _files(installed: Distribution) -> dict[str, bytes]:
    """Path in the wheel -> content, with a RECORD of exactly these."""
    files = {path.as_posix(): _verified(installed, path) for path in _packed(installed.files or ())}
    record = f"{_info(installed)}/RECORD"
    lines = "".join(f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in sorted(files.items()))
    return {**files, record: f"{lines}{record},,\n".encode()}


def _packed(paths: Iterable[PackagePath]) -> Iterator[PackagePath]:
    for path in paths:
        in_metadata = path.parts[0].endswith(".dist-info")
        if path.parts[0] == ".." or "__pycache__" in path.parts:
            continue  # commands, and what this machine compiled
        if not (in_metadata and path.name in _MADE_BY_INSTALLERS):
            yield path


def _verified(installed: Distribution, path: PackagePath) -> bytes:
    content = Path(str(installed.locate_file(path))).read_bytes()
    if path.hash is not None and path.hash.mode == "sha256" and _digest(content) != path.hash.value:
        raise GlueWheelsError(f"{path} was changed after it was installed: remove .venv and run make install")
    return content


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def _info(installed: Distribution) -> str:
    return next(path.parts[0] for path in installed.files or () if path.parts[0].endswith(".dist-info"))


def _lines(installed: Distribution, name: str) -> list[str]:
    return (installed.read_text(name) or "").splitlines()
