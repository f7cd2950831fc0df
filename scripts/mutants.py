"""Mutation run: change one operator or constant at a time, and list the changes that no test notices.

    python scripts/mutants.py                                  every mutant of every target; hours
    python scripts/mutants.py --sample 100 --seed 1            that many of each target, drawn with the seed
    python scripts/mutants.py --target lake/staleness          one target alone

The mutants run in a copy of the tree in a temporary folder; the working tree is only read. A mutant counts as killed
when a test fails or does not end within the time limit. Exit code 1 if a target's share of killed mutants is below
`--at-least`.

Not here: the tests themselves (tests/), coverage of lines.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[1]
TARGETS = {
    "domain/monitoring": (
        ("domain/monitoring/*.py",),
        ("tests/domain/monitoring", "tests/monitoring"),
    ),
    "monitoring": (
        ("monitoring/*.py",),
        ("tests/monitoring", "tests/graph/test_alert_sensor.py"),
    ),
    "lake/staleness": (
        ("lake/staleness.py",),
        ("tests/lake/test_staleness.py",),
    ),
    "domain/events": (
        (
            "domain/events/counts.py",
            "domain/events/hour_set.py",
            "domain/events/landing.py",
            "domain/events/layout.py",
            "domain/events/times.py",
            "domain/events/versions.py",
        ),
        ("tests/domain/events",),
    ),
}
"""Name -> (files below socialsent_assets, tests that have to notice)."""

_REPORTED = 10  # mutants between two lines of progress
_SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
}  # fmt: skip
_SWAPPED_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True)
class Mutant:
    """One change: the file, the line, a description, and the file's text with the change."""

    path: Path
    line: int
    change: str
    text: str


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its syntax tree."""
    source = path.read_text(encoding="utf-8")
    for number in range(len(list(_places(ast.parse(source))))):
        tree = ast.parse(source)
        node, position = list(_places(tree))[number]
        line = getattr(node, "lineno", 0)
        yield Mutant(path, line, _apply(node, position), ast.unparse(tree))


def _places(tree: ast.Module) -> Iterator[tuple[ast.AST, int]]:
    """Nodes that can be changed; of a chained comparison, each operator. Messages and annotations are left out."""
    left_out = {id(child) for node in ast.walk(tree) for part in _unchecked(node) for child in ast.walk(part)}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Compare):
            yield from ((node, index) for index, operator in enumerate(node.ops) if type(operator) in _SWAPPED)
        elif _is_changeable(node):
            yield node, 0


def _is_changeable(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return type(node.op) in _SWAPPED
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, bool | int | float)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _SWAPPED_CALLS
    return isinstance(node, ast.BoolOp)


def _unchecked(node: ast.AST) -> Iterator[ast.AST]:
    """Parts of a node that no test has to notice: annotations, texts of errors, format strings, decorators."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield from node.decorator_list
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
        yield node.returns
    if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
        yield node.annotation
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert):
        yield node
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        yield node


def _apply(node: ast.AST, position: int) -> str:
    """Change the node in its tree; the change in words."""
    before = ast.unparse(node)
    if isinstance(node, ast.Compare):
        swapped = _SWAPPED[type(node.ops[position])]()
        assert isinstance(swapped, ast.cmpop)  # noqa: S101 - for the type checker
        node.ops[position] = swapped
    elif isinstance(node, ast.BoolOp | ast.BinOp):
        node.op = _SWAPPED[type(node.op)]()  # type: ignore[assignment]
    elif isinstance(node, ast.UnaryOp):
        node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node, ast.Constant):
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1  # type: ignore[operator]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        node.func.id = _SWAPPED_CALLS[node.func.id]
    return f"{before}  ->  {ast.unparse(node)}"


def copy_of_the_tree(folder: Path) -> Path:
    """A copy of the code and the tests in `folder`, without what is built."""
    for name in ("socialsent_assets", "tests", "lambdas", "infra", "dbt_project", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "target", "logs"))
    for name in ("pyproject.toml", ".env.example", "README.md", "dagster.yaml"):
        shutil.copy2(ROOT / name, folder / name)
    return folder


def survives(mutant: Mutant, tree: Path, tests: tuple[str, ...], limit_s: float) -> bool:
    """Whether all tests pass on the mutant in the copy `tree`, which is as before afterwards."""
    changed = tree / mutant.path.relative_to(ROOT)
    original = changed.read_bytes()
    changed.write_text(mutant.text, encoding="utf-8")
    try:
        return passes(tree, tests, limit_s)
    finally:
        changed.write_bytes(original)


def passes(tree: Path, tests: tuple[str, ...], limit_s: float) -> bool:
    """Whether the tests pass in a copy of the tree within the limit."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not slow", *tests]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "ci"}
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def run(target: str, sample: int | None, seed: int, jobs: int, limit_s: float) -> float:
    """Run a target's mutants and print the survivors; the share of killed ones, 0 to 1.

    Raises RuntimeError when the tests fail without a change, or a target has no mutants.
    """
    patterns, tests = TARGETS[target]
    found = [
        mutant
        for pattern in patterns
        for path in sorted((ROOT / "socialsent_assets").glob(pattern))
        for mutant in mutants_of(path)
    ]
    if not found:
        raise RuntimeError(f"{target}: no mutants in {patterns}")
    drawn = found if sample is None else random.Random(seed).sample(found, min(sample, len(found)))  # noqa: S311
    trees: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        for number in range(jobs):
            tree = Path(folder) / str(number)
            tree.mkdir()
            trees.put(copy_of_the_tree(tree))
        first = trees.get()
        if not passes(first, tests, limit_s):
            raise RuntimeError(f"{target}: the tests fail, or take more than {limit_s:.0f} s, without any change")
        trees.put(first)

        def try_one(mutant: Mutant) -> bool:
            tree = trees.get()
            try:
                return survives(mutant, tree, tests, limit_s)
            finally:
                trees.put(tree)

        survived = 0
        with ThreadPoolExecutor(jobs) as pool:
            for number, (mutant, lives) in enumerate(zip(drawn, pool.map(try_one, drawn), strict=True), 1):
                survived += lives
                if lives:
                    print(f"  {mutant.path.relative_to(ROOT)}:{mutant.line}: {mutant.change}", flush=True)  # noqa: T201
                if number % _REPORTED == 0:
                    print(f"  {number} of {len(drawn)} tried, {survived} not noticed", file=sys.stderr)  # noqa: T201
    killed = 1 - survived / len(drawn)
    print(f"{target}: {killed:.0%} of {len(drawn)} mutants killed, of {len(found)}", flush=True)  # noqa: T201
    return killed


def main() -> int:
    """Run the targets; the exit code."""
    parser = argparse.ArgumentParser(description="Mutation run: list changes of the code that no test notices.")
    parser.add_argument("--target", choices=sorted(TARGETS), action="append", help="default: all")
    parser.add_argument("--sample", type=int, help="mutants of each target; default: all")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--jobs", type=int, default=2, help="mutants in parallel")
    parser.add_argument("--limit", type=float, default=180.0, help="seconds for the tests of one mutant")
    parser.add_argument("--at-least", type=float, default=0.9, help="share of killed mutants, 0 to 1")
    options = parser.parse_args()
    targets = options.target or list(TARGETS)
    shares = [run(target, options.sample, options.seed, options.jobs, options.limit) for target in targets]
    return 0 if min(shares) >= options.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
