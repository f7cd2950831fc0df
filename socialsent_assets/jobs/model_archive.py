"""A model as the archive that SageMaker unpacks into /opt/ml/model: gzipped tar, files at its root.

Not here: uploading it and registering the model (resources/), the server that reads it (endpoint.py).
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping

__all__ = ["NAME", "archive"]

NAME = "model.tar.gz"


def archive(files: Mapping[str, bytes]) -> bytes:
    """The archive of a model's files (those of `RegisteredModel.files` and its card), always the same bytes."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(files[name]), 0o644, 0
            tar.addfile(entry, io.BytesIO(files[name]))
    return out.getvalue()
