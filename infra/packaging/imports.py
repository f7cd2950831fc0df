"""Files of the modules that an entry point imports, wherever the import stands: in a function, too.

Not here: which entry points there are (lambda_zips.py, wheel.py), packages of others (lock.py).
"""

from __future__ import annotations

from pathlib import Path

import grimp

from infra.packaging.archives import ROOT

WHOLE = "socialsent_assets.domain.events.kinds"
"""A package that finds its modules by looking into its folder, so no import names them."""


def imported_files(entry: str) -> set[Path]:
    """Paths of the entry module, of every module of this project that it imports, and of their packages.

    >>> sorted(path.name for path in imported_files("socialsent_assets.domain.events.hour_set"))[:2]
    ['__init__.py', '__init__.py']

    Raises:
        grimp.exceptions.ModuleNotPresent: there is no such module.
    """
    graph = grimp.build_graph(
        *sorted({entry.partition(".")[0], "socialsent_assets"}), exclude_type_checking_imports=True, cache_dir=None
    )
    entries = {entry, *graph.find_upstream_modules(entry)}
    if WHOLE in entries:
        entries |= graph.find_descendants(WHOLE)
        entries |= {module for kind in graph.find_descendants(WHOLE) for module in graph.find_upstream_modules(kind)}
    files = set()
    for module in entries:
        path = ROOT / module.replace(".", "/")
        files.add(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"))
        files |= {parent / "__init__.py" for parent in path.parents if parent != ROOT and parent.is_relative_to(ROOT)}
    return files
