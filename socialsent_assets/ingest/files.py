"""Files that a person names: a file, a folder, what is in a zip, or stdin; each can be opened more than once.

Not here: what is in a file (plan.py).
"""

from __future__ import annotations

import glob
import io
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from socialsent_assets.domain.events.errors import UserError

STDIN = Path("-")
SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx", ".xls", ".xlsb", ".ods", ".parquet")
PACKED = (".gz", ".zst", ".zip")
_ARCHIVE_PARTS = ("tweets.js", "tweet.js", "like.js", "following.js", "account.js")
_SPOOLED_IN_MEMORY = 32 * 1024 * 1024
_MEMBERS = 10_000


@dataclass(frozen=True)
class InputFile:
    """One file to read.

    Attributes:
        name: as printed, whatever bytes the file system holds.
        size: bytes to read, packed ones if it is packed.
        open: a new stream at its beginning; the caller closes it.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]


def find_files(paths: Sequence[Path]) -> list[InputFile]:
    """The files that the paths name, in order, each once.

    A folder means the files directly in it with a known extension; a zip, such files in it; `-`
    for stdin, which is kept in a temporary file while it is read.

    Raises:
        UserError: a path that is not there, cannot be read, or holds no such file.
    """
    found: dict[Path, list[InputFile]] = {}
    for path in (match for named in paths for match in _matches(named)):
        try:
            for file in _in_folder(path) if path.is_dir() else [path]:
                key = file if path == STDIN else file.resolve()
                if key not in found:
                    found[key] = [_stdin()] if path == STDIN else _files_of(file)
        except FileNotFoundError:
            raise UserError(f"{path} does not exist; name a file of posts, or a folder of them") from None
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}); check its permissions") from None
    return [file for files in found.values() for file in files]


def _matches(path: Path) -> list[Path]:
    """The paths that a pattern means which no shell has resolved; an existing path is itself."""
    if not any(sign in str(path) for sign in "*?[") or path.exists():
        return [path]
    found = [Path(match) for match in sorted(glob.glob(str(path)))]  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not found:
        raise UserError(f"no file matches {path}; check the pattern")
    return found


def _files_of(path: Path) -> list[InputFile]:
    name = path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    size = path.stat().st_size
    if not path.is_file():
        raise UserError(f"{path} is no file; name a file of posts, or a folder of them")
    with path.open("rb") as handle:  # also finds out early whether it can be read
        is_zip = handle.read(4) == b"PK\x03\x04"
    if is_zip and (members := _members(path, name)) is not None:
        return members
    return [InputFile(name, size, lambda: path.open("rb"))]


def _members(path: Path, name: str) -> list[InputFile] | None:
    """Files of posts in a zip; None for a workbook, which is a zip too."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise UserError(f"{name} is a zip that cannot be read ({error}); get the whole file and try again") from None
    if any(info.filename.startswith(("xl/", "content.xml", "Index/")) for info in infos):
        return None
    if len(infos) > _MEMBERS and not any(_is_archive_part(info.filename) for info in infos):
        raise UserError(f"{name} holds {len(infos):,} files; unpack it and name the files of posts")
    if any(info.flag_bits & 1 for info in infos):
        raise UserError(f"{name} is protected by a password; unpack it and name the files")
    wanted = [info for info in infos if not info.is_dir() and _is_wanted(info.filename)]
    if not wanted:
        endings = ", ".join(SUFFIXES)
        raise UserError(f"{name} holds no file of posts; the name of one ends in {endings}")
    return [
        InputFile(f"{name}/{info.filename}", info.compress_size, lambda info=info: _open_member(path, info.filename))  # type: ignore[misc]
        for info in wanted
    ]


def _open_member(path: Path, member: str) -> BinaryIO:
    return zipfile.ZipFile(path).open(member)  # type: ignore[return-value]


def _is_wanted(name: str) -> bool:
    path = PurePosixPath(name)
    if path.name.startswith(".") or "__MACOSX" in path.parts:
        return False
    return _is_archive_part(name) or _suffix(path.name) in SUFFIXES


def _is_archive_part(name: str) -> bool:
    path = PurePosixPath(name)
    return path.name in _ARCHIVE_PARTS and path.parent.name == "data"


def _suffix(name: str) -> str:
    lower = name.lower()
    for packed in PACKED:
        lower = lower.removesuffix(packed)
    return Path(lower).suffix


def _in_folder(folder: Path) -> list[Path]:
    archive = [path for part in _ARCHIVE_PARTS if (path := folder / "data" / part).is_file()]
    if archive:
        return archive
    inside = sorted(
        path
        for path in folder.iterdir()
        if path.is_file()
        and not path.name.startswith(".")
        and (_suffix(path.name) in SUFFIXES or path.name.lower().endswith(".zip"))
    )
    if not inside:
        endings = ", ".join(SUFFIXES)
        raise UserError(
            f"{folder} holds no file of posts; the name of one ends in {endings}, or in these and .gz or .zst"
        )
    return inside


def _stdin() -> InputFile:
    kept = tempfile.SpooledTemporaryFile(max_size=_SPOOLED_IN_MEMORY)  # noqa: SIM115 - lives as long as its file
    shutil.copyfileobj(sys.stdin.buffer, kept)
    size = kept.tell()

    def reopened() -> BinaryIO:
        kept.seek(0)
        return _Kept(kept)  # type: ignore[return-value]

    return InputFile("stdin", size, reopened)


class _Kept(io.RawIOBase):
    """Reads a temporary file that outlives it."""

    def __init__(self, kept: tempfile.SpooledTemporaryFile[bytes]) -> None:
        self._kept = kept

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._kept.seek(offset, whence)
        return self._kept.tell()

    def tell(self) -> int:
        return self._kept.tell()

    def read(self, size: int | None = -1) -> bytes:
        return self._kept.read(-1 if size is None else size)
