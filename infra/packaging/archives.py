"""Files -> a zip whose bytes follow from their names and contents alone.

Not here: which files (the modules beside this one).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"

_OLDEST_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can store
_READABLE_FILE = 0o100644 << 16  # Lambda runs as another user than the one who unpacked
_UNIX = 3


def write_zip(target: Path, files: Mapping[str, bytes], *, level: int = 9) -> bool:
    """Write `files` (path in the archive -> content) to `target`; False if these very bytes stood there already.

    Names are sorted, times and permissions fixed. Another build of zlib may compress to other bytes of the same
    content; nothing else of the machine shows.
    """
    content = zipped(files, level=level)
    if target.is_file() and target.read_bytes() == content:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return True


def zipped(files: Mapping[str, bytes], *, level: int = 9) -> bytes:
    """`files` as the bytes of a zip; level 0 stores them as they are."""
    kind = zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind, compresslevel=level) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _OLDEST_TIME)
            entry.create_system = _UNIX
            entry.external_attr = _READABLE_FILE
            entry.compress_type = kind
            archive.writestr(entry, files[name], compresslevel=level)
    return buffer.getvalue()
