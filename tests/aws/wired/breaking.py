"""Copies of the templates with one thing wrong, to see that the drive notices.

Not here: what is broken (test_broken_*.py).
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tests.infra.synthesized import Assembly

REMOVED = object()


@dataclass(frozen=True)
class Break:
    """One thing that is wrong in a copy.

    Attributes:
        where: part, type, and how the logical id starts.
        path: of the property; a number is a place in a list.
        value: what it is instead, or REMOVED.
        notices: words of the failure that has to follow.
    """

    where: tuple[str, str, str]
    path: tuple[str | int, ...]
    value: Any
    notices: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.where[2]}-{self.path[-1]}"

    def of(self, deployed: Assembly) -> Assembly:
        """The copy."""
        part, kind, start = self.where
        copy = Assembly(deployed.folder)
        templates = deepcopy(deployed.templates)
        copy.__dict__["templates"] = templates  # where cached_property keeps it
        [properties] = [
            resource["Properties"]
            for name, resource in templates[part]["Resources"].items()
            if resource["Type"] == kind and name.startswith(start)
        ]
        inner: Any = properties
        for step in self.path[:-1]:
            inner = inner[step]
        if self.value is REMOVED:
            del inner[self.path[-1]]
        else:
            assert inner[self.path[-1]] != self.value
            inner[self.path[-1]] = self.value
        return copy
