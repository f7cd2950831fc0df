"""Files of posts inside a zip or a tar, each as a stream of its own; a damaged one breaks as a damaged file does.

The archive of an X account is known by its parts: those with posts are read, and not the pages to look at them.

Not here: files and folders (files.py), gzip and Zstandard around one file (file_bytes.py).
"""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.ingest.file_bytes import MAX_EXPANSION, UNSUSPICIOUS_BYTES, BrokenFileError, unpacked
from socialsent_assets.ingest.input_file import InputFile

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".xlsx", ".xls", ".xlsb", ".ods", ".parquet")
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
PACKED = (".gz", ".zst", ".zip")
_ACCOUNT_PART = re.compile(r"(?:tweets?|like|following|account)(?:-part\d+)?\.js")
_WORKBOOK_PARTS = ("xl/", "content.xml", "Index/")
_MEMBERS = 10_000
_ZIP = b"PK\x03\x04"
_TAR_MARK = slice(257, 262)
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, NotImplementedError)


def archive_members(path: Path, name: str) -> list[InputFile] | None:
    """The files of posts in a zip or tar; None for a file that is neither, and for a workbook, which is a zip too.

    Raises:
        UserError: it cannot be read, is locked, holds no file of posts, or expands beyond reason.
    """
    with path.open("rb") as handle:
        head = handle.read(len(_ZIP))
    try:
        if head == _ZIP:
            return _zip_members(path, name)
        return _tar_members(path, name) if _is_tar(path) else None
    except _DAMAGED as error:
        raise UserError(
            f"{name} is an archive that cannot be read ({error}); get the whole file and try again"
        ) from None


def is_account_part(name: str) -> bool:
    """Whether it is a part of the archive of an X account that is read; big accounts have several of a kind."""
    path = PurePosixPath(name)
    return path.parent.name == "data" and _ACCOUNT_PART.fullmatch(path.name) is not None


def suffix_of(name: str) -> str:
    """The ending that says what is in a file, in lower case, without that of its packing."""
    lower = name.lower()
    for packed in PACKED:
        lower = lower.removesuffix(packed)
    return Path(lower).suffix


def _zip_members(path: Path, name: str) -> list[InputFile] | None:
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
    if any(info.filename.startswith(_WORKBOOK_PARTS) for info in infos):
        return None
    wanted = set(_wanted([info.filename for info in infos], name))
    if any(info.flag_bits & 1 for info in infos):
        raise UserError(f"{name} is protected by a password; unpack it and name the files")
    found = [info for info in infos if info.filename in wanted]
    for info in found:
        if info.file_size > UNSUSPICIOUS_BYTES and info.file_size > MAX_EXPANSION * max(info.compress_size, 1):
            raise UserError(
                f"{name}/{info.filename} expands more than {MAX_EXPANSION}-fold; unpack it if it is a file of posts"
            )

    def opener(member: str) -> Callable[[], BinaryIO]:
        return lambda: _Member(zipfile.ZipFile(path).open(member))  # type: ignore[return-value,arg-type]

    return [InputFile(f"{name}/{info.filename}", info.file_size, opener(info.filename)) for info in found]


def _is_tar(path: Path) -> bool:
    head = b""
    with path.open("rb") as handle:
        try:
            for piece in unpacked(handle):
                head += piece
                if len(head) >= _TAR_MARK.stop:
                    break
        except BrokenFileError:
            return False
    return head[_TAR_MARK] == b"ustar"


def _tar_members(path: Path, name: str) -> list[InputFile]:
    with tarfile.open(path) as archive:
        infos = [info for info in archive if info.isfile()]
    wanted = set(_wanted([info.name for info in infos], name))

    def opener(member: str) -> Callable[[], BinaryIO]:
        return lambda: _Member(tarfile.open(path).extractfile(member))  # type: ignore[return-value,arg-type]

    return [InputFile(f"{name}/{info.name}", info.size, opener(info.name)) for info in infos if info.name in wanted]


def _wanted(names: Sequence[str], archive: str) -> list[str]:
    parts = [name for name in names if is_account_part(name)]
    if parts:
        return parts
    if len(names) > _MEMBERS:
        raise UserError(f"{archive} holds {len(names):,} files; unpack it and name the files of posts")
    wanted = [name for name in names if _is_posts(PurePosixPath(name))]
    if not wanted:
        raise UserError(f"{archive} contains no file of posts; supported endings are {', '.join(SUFFIXES)}")
    return wanted


def _is_posts(path: PurePosixPath) -> bool:
    return not path.name.startswith(".") and "__MACOSX" not in path.parts and suffix_of(path.name) in SUFFIXES


class _Member(io.RawIOBase):
    """A file inside an archive; what is damaged in the archive is damaged in the file."""

    def __init__(self, inside: BinaryIO) -> None:
        self._inside = inside

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._inside.seek(offset, whence)

    def tell(self) -> int:
        return self._inside.tell()

    def read(self, size: int | None = -1) -> bytes:
        try:
            return self._inside.read(-1 if size is None else size)
        except _DAMAGED as error:
            raise BrokenFileError(f"its archive is damaged ({error or type(error).__name__})") from None

    def close(self) -> None:
        self._inside.close()
        super().close()
