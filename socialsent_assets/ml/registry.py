"""Models by digest, and which of them is champion. Promotion is explicit and can be taken back.

    models/<kind>/<digest>/…           a model's files, card.json and card.md; the digest is that of card.json
    models/<kind>/champion.json        who answers, and who did before

A folder never changes once its card is there, so two runs that made the same model wrote the same bytes.
Everything is verified when it is read: a model with a changed file, or for other text, does not answer.

Not here: what makes a model good enough (domain/learning/evaluation.py), who trains (cli/models.py, the graph).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.learning.card_page import PAGE
from socialsent_assets.domain.learning.model_card import (
    CARD,
    CLASSIFIER,
    ModelCard,
    ModelRefusedError,
    digest,
    read_card,
    require_usable,
    verified,
)
from socialsent_assets.lake.storage.base import Storage

__all__ = ["ModelRegistry", "RegisteredModel", "read_model", "write_model"]

ROOT = "models"
_POINTER = "champion.json"
_SHORTEST_PREFIX = 4
_MAKE_ONE = {CLASSIFIER: "socialsent models promote DIR, after socialsent train --out DIR"}


@dataclass(frozen=True)
class RegisteredModel:
    """A verified model: its digest, its card and its files by name."""

    digest: str
    card: ModelCard
    files: Mapping[str, bytes]


def write_model(storage: Storage, folder: str, files: Mapping[str, bytes]) -> str:
    """Write a model's files into a folder, its card last, and return its digest.

    Without a card nothing reads the folder, so a write that is cut short is never taken for a model.
    """
    for name in sorted(files, key=lambda name: (name == CARD, name)):
        storage.write(_key(folder, name), files[name])
    return digest(files[CARD])


def read_model(storage: Storage, folder: str, kind: str) -> RegisteredModel:
    """The model of a folder, verified against its card.

    Raises:
        UserError: there is no model in the folder.
        ModelRefusedError: damaged, tampered with, of another kind, or for other text, features or versions.
    """
    where = storage.path(folder)
    try:
        content = storage.read(_key(folder, CARD))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(
            f"{where} has no model (no {CARD}). Train one: socialsent train --labels TRAIN.csv"
        ) from error
    card = read_card(content)
    require_usable(card, kind)
    files = {}
    for name in card.files:
        if "/" in name or name in (CARD, ""):
            raise ModelRefusedError(f"{where}: its card names a file outside the folder ({name!r}): train again")
        try:
            files[name] = storage.read(_key(folder, name))
        except FileNotFoundError:
            continue  # `verified` names the missing one
    return RegisteredModel(digest(content), card, verified(card, files, where))


@dataclass(frozen=True)
class ModelRegistry:
    """The models of a lake; `storage` is its artifacts tier."""

    storage: Storage

    def add(self, files: Mapping[str, bytes]) -> str:
        """Keep a candidate and return its digest; adding it again changes nothing."""
        card = read_card(files[CARD])
        return write_model(self.storage, self._folder(card.kind, digest(files[CARD])), files)

    def add_folder(self, source: Storage, kind: str = CLASSIFIER) -> str:
        """Keep the model of a folder elsewhere (`socialsent train --out`), after verifying it."""
        model = read_model(source, "", kind)
        return self.add({**model.files, CARD: source.read(CARD), PAGE: source.read(PAGE)})

    def digests(self, kind: str) -> list[str]:
        """Digests of all models that have a card, sorted."""
        names = self.storage.folders(f"{ROOT}/{kind}")
        return [name for name in names if self._has_card(kind, name)]

    def card(self, kind: str, name: str) -> ModelCard:
        """The card alone, for lists; the model's files are not read."""
        return read_card(self.storage.read(_key(self._folder(kind, name), CARD)))

    def read(self, kind: str, name: str) -> RegisteredModel:
        """A model by digest, verified. Raises as `read_model`, and when the card is not the one of the digest."""
        model = read_model(self.storage, self._folder(kind, name), kind)
        if model.digest != name:
            raise ModelRefusedError(
                f"the card of {kind} {name[:12]} was changed after it was made: restore the folder "
                f"{self.storage.path(self._folder(kind, name))} from a trusted copy, or promote another model"
            )
        return model

    def find(self, kind: str, prefix: str) -> str:
        """The one digest that starts with `prefix` (at least four characters). Raises UserError."""
        found = [name for name in self.digests(kind) if name.startswith(prefix)]
        if len(prefix) < _SHORTEST_PREFIX or len(found) != 1:
            problem = f"{len(found)} models" if len(prefix) >= _SHORTEST_PREFIX else "too few characters"
            raise UserError(f"{prefix!r}: {problem} of kind {kind}. See them: socialsent models list")
        return found[0]

    def champion_digest(self, kind: str) -> str | None:
        """Digest of the champion, None when nothing was promoted yet."""
        history = self.history(kind)
        return str(history[-1]["digest"]) if history else None

    def champion(self, kind: str) -> RegisteredModel:
        """The champion, verified.

        Raises:
            UserError: nothing was promoted yet.
            ModelRefusedError: as `read`.
        """
        name = self.champion_digest(kind)
        if name is None:
            how = _MAKE_ONE.get(kind, "socialsent materialize --select group:models")
            raise UserError(f"no {kind} model is in use yet. To get one: {how}")
        return self.read(kind, name)

    def history(self, kind: str) -> list[dict[str, Any]]:
        """Promotions in effect, oldest first: `digest`, `promoted_at`."""
        try:
            pointer = json.loads(self.storage.read(f"{ROOT}/{kind}/{_POINTER}"))
        except FileNotFoundError:
            return []
        except ValueError as error:
            path = self.storage.path(f"{ROOT}/{kind}/{_POINTER}")
            raise ModelRefusedError(f"{path} is damaged: delete it and promote a model again") from error
        return list(pointer["history"])

    def promote(self, kind: str, name: str, at: datetime) -> None:
        """Make a verified model champion, in one atomic step; promoting the champion again changes nothing."""
        self.read(kind, name)
        history = self.history(kind)
        if not history or history[-1]["digest"] != name:
            self._point(kind, [*history, {"digest": name, "promoted_at": at.isoformat()}])

    def rollback(self, kind: str) -> str:
        """Make the previous champion champion again and return its digest.

        Raises:
            UserError: there was none before.
        """
        history = self.history(kind)
        if len(history) < 2:
            raise UserError(f"no earlier {kind} champion to go back to. See them: socialsent models list")
        previous = str(history[-2]["digest"])
        self.read(kind, previous)
        self._point(kind, history[:-1])
        return previous

    def _point(self, kind: str, history: list[dict[str, Any]]) -> None:
        content = json.dumps({"champion": history[-1]["digest"], "history": history}, indent=1) + "\n"
        self.storage.write(f"{ROOT}/{kind}/{_POINTER}", content.encode())

    def _has_card(self, kind: str, name: str) -> bool:
        folder = self._folder(kind, name)
        return any(info.key == _key(folder, CARD) for info in self.storage.list(folder))

    def _folder(self, kind: str, name: str) -> str:
        return f"{ROOT}/{kind}/{name}"


def _key(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
