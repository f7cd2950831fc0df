"""Files that a person names: a file, a folder, what is in a zip or tar, or stdin; each can be opened more than once.

Not here: which files in a zip or tar hold posts (archives.py), what is in a file (plan.py).
"""

from __future__ import annotations

import glob
import io
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.ingest.archives import ARCHIVES, SUFFIXES, archive_members, is_account_part, suffix_of
from socialsent_assets.ingest.input_file import InputFile

STDIN = Path("-")
_SPOOLED_IN_MEMORY = 32 * 1024 * 1024


def find_files(paths: Sequence[Path]) -> list[InputFile]:
    """The files that the paths name, in order, each once.

    A folder means the files directly in it with a known extension; a zip or tar, such files in it;
    `-` stdin, which is kept in a temporary file while it is read.

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
        raise UserError(f"{path} is not a file; name a file of posts, or a folder of them")
    with path.open("rb"):  # finds out early whether it can be read
        pass
    if (members := archive_members(path, name)) is not None:
        return members
    return [InputFile(name, size, lambda: path.open("rb"))]


def _in_folder(folder: Path) -> list[Path]:
    data = folder / "data"
    parts = sorted(path for path in data.iterdir() if is_account_part(f"data/{path.name}")) if data.is_dir() else []
    if parts:
        return parts
    inside = sorted(
        path
        for path in folder.iterdir()
        if path.is_file()
        and not path.name.startswith(".")
        and (suffix_of(path.name) in SUFFIXES or path.name.lower().endswith(ARCHIVES))
    )
    if not inside:
        endings = ", ".join(SUFFIXES)
        raise UserError(
            f"{folder} contains no file of posts; supported endings are {endings}, or in these and .gz or .zst"
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
