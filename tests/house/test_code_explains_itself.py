"""Every module states what belongs in it and what does not, and every public name is documented and typed."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "socialsent_assets").rglob("*.py"), *(ROOT / "lambdas").rglob("*.py")])
BANNED = {"utils", "util", "helpers", "helper", "common", "misc"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def public_definitions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    top = [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
    inner = [
        node for owner in top if isinstance(owner, ast.ClassDef) for node in owner.body if isinstance(node, kinds)
    ]
    return [node for node in (*top, *inner) if not node.name.startswith("_")]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_module_and_its_public_names_have_docstrings(path: Path) -> None:
    """Prevents a file whose purpose has to be guessed from its code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{name_of(path)} does not say what it is for"
    bare = [node.name for node in public_definitions(tree) if not ast.get_docstring(node)]
    assert bare == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name != "__init__.py"], ids=name_of)
def test_a_module_says_what_does_not_belong_in_it(path: Path) -> None:
    """Prevents modules that grow into catch-alls because no sentence names the place of the rest."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert "Not here" in docstring


def test_no_module_is_a_catch_all_by_name() -> None:
    """Prevents the folder in which no one finds anything."""
    assert [name_of(path) for path in SOURCES if path.stem in BANNED or path.parent.name in BANNED] == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_unpickles_or_evaluates(path: Path) -> None:
    """Prevents code execution by anyone who can write to a bucket."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    called = {
        node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not imported & {"pickle", "joblib", "dill", "cloudpickle", "marshal", "shelve"}
    assert not called & {"eval", "exec"}
