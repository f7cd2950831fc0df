"""The kinds of event, one file each: a new kind is a new file here that holds a `KIND`.

Not here: the envelope that they share (../event.py).
"""

from __future__ import annotations

import importlib
import pkgutil

from socialsent_assets.domain.events.kinds.kind import Field, FieldType, Kind

__all__ = ["KINDS", "Field", "FieldType", "Kind"]


def _kinds() -> dict[str, Kind]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "kind")
    found: list[Kind] = [importlib.import_module(f"{__name__}.{name}").KIND for name in names]
    return {kind.name: kind for kind in found}


KINDS: dict[str, Kind] = _kinds()
