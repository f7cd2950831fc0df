"""A model as the archive that SageMaker unpacks into /opt/ml/model: gzipped tar, files at its root.

Not here: uploading it and registering the model (resources/), the server that reads it (server.py).
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping

from socialsent_assets.domain.learning.model_card import CARD, ModelRefusedError, digest, write_card
from socialsent_assets.ml.registry import RegisteredModel

__all__ = ["MODEL_DIGEST", "NAME", "archive", "archive_of"]

NAME = "model.tar.gz"
MODEL_DIGEST = "SOCIALSENT_MODEL_DIGEST"
"""Variable of the container: digest of the one model that its archive may hold."""


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


def archive_of(model: RegisteredModel) -> bytes:
    """The archive of a verified model: its files and the card that vouches for them.

    Raises:
        ModelRefusedError: the card on the shelf is not written as this version writes it, so that the archive
            would have another digest than the model.
    """
    card = write_card(model.card)
    if digest(card) != model.digest:
        raise ModelRefusedError(f"the card of {model.digest[:12]} was not written by this version: train again")
    return archive({**model.files, CARD: card})
