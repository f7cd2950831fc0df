"""Packages for AWS: the same bytes from the same tree, nothing missing, nothing foreign."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.packaging.__main__ import main
from infra.packaging.archives import ROOT, write_zip
from infra.packaging.lambda_zips import HANDLERS, build_lambda_zips, lambda_files
from infra.packaging.layer import PYTHON_FOLDER, build_layer, layer_files
from infra.packaging.lock import locked
from infra.packaging.wheel import IN_GLUE, NEEDED, build_wheel, requirements, wheel_files, wheel_path


def test_building_twice_gives_the_same_bytes_and_touches_nothing(tmp_path: Path, capsys) -> None:
    """Prevents a deployment that changes every function because it was built on another day."""
    assert main(["lambdas", "--out", str(tmp_path / "a")]) == 0
    assert main(["lambdas", "--out", str(tmp_path / "b")]) == 0
    first, second = sorted((tmp_path / "a").iterdir()), sorted((tmp_path / "b").iterdir())
    assert [path.name for path in first] == ["kinesis_consumer.zip", "mock_server.zip", "powertools_layer.zip"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    written_at = [path.stat().st_mtime_ns for path in first]
    capsys.readouterr()
    assert main(["lambdas", "--out", str(tmp_path / "a")]) == 0
    assert capsys.readouterr().out.count("unchanged") == 3
    assert [path.stat().st_mtime_ns for path in first] == written_at


def test_a_zip_shows_neither_times_nor_owners_nor_order_of_the_machine(tmp_path: Path) -> None:
    """Prevents files that Lambda's user cannot read, and bytes that follow the clock or the file system."""
    one, other = tmp_path / "one.zip", tmp_path / "other.zip"
    assert write_zip(one, {"b": b"2", "a": b"1"})
    assert write_zip(other, {"a": b"1", "b": b"2"})
    assert one.read_bytes() == other.read_bytes()
    entries = zipfile.ZipFile(one).infolist()
    assert [(entry.filename, entry.date_time) for entry in entries] == [
        ("a", (1980, 1, 1, 0, 0, 0)),
        ("b", (1980, 1, 1, 0, 0, 0)),
    ]
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}


@pytest.mark.parametrize("name", HANDLERS)
def test_a_lambdas_zip_holds_its_handler_and_the_contract_and_nothing_of_the_platform(name: str) -> None:
    """Prevents a zip that lacks a kind of event, and one that drags the platform along."""
    files = lambda_files(name)
    module = HANDLERS[name].rpartition(".")[0]
    assert module.replace(".", "/") + ".py" in files
    kinds = {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "socialsent_assets/domain/events").glob("kinds/*.py")
    }
    assert len(kinds) > 6
    assert kinds <= set(files) or name == "mock_server"  # which sends what it made, whatever the contract says
    folders = {Path(path).parts[1] for path in files if path.startswith("socialsent_assets/")} - {"__init__.py"}
    assert folders == ({"domain", "simulator"} if name == "mock_server" else {"domain"})
    assert {path.split("/")[1] for path in files if path.count("/") > 1 and path.startswith("lambdas/")} == {name}


def test_nothing_in_the_layer_is_compiled() -> None:
    """Prevents a layer that works only on the processor and Python of the build machine."""
    files = layer_files()
    assert {Path(path).suffix for path in files} <= {".py", ".typed", ".json", ""}
    tops = {path.split("/")[1] for path in files}
    assert {"aws_lambda_powertools", "aws_xray_sdk", "jmespath", "wrapt", "typing_extensions.py"} <= tops
    assert not tops & {"boto3", "botocore"}, "they are in the runtime"
    assert all(path.startswith(f"{PYTHON_FOLDER}/") for path in files)


def test_zips_wheel_and_layer_stay_small(tmp_path: Path) -> None:
    """Prevents a cold start that loads megabytes; the limits are about one and a half times what is needed."""
    sizes = {path.name: path.stat().st_size for path in build_lambda_zips(tmp_path)}
    build_layer(tmp_path / "layer.zip")
    assert max(sizes.values()) < 65_000, sizes
    assert next(iter(build_wheel(tmp_path))).stat().st_size < 550_000
    assert (tmp_path / "layer.zip").stat().st_size < 1_200_000


def test_versions_come_from_the_lock() -> None:
    """Prevents an upload that holds other versions than the ones that were tested."""
    found = locked(["aws-lambda-powertools[tracer]"], "3.11", without=("botocore",))
    assert list(found) == ["aws-lambda-powertools", "aws-xray-sdk", "jmespath", "typing-extensions", "wrapt"]
    assert "botocore" in locked(["aws-lambda-powertools[tracer]"], "3.11")
    assert locked(["numpy"], "3.11") != locked(["numpy"], "3.12"), "a lock may name two versions of one package"
    with pytest.raises(LookupError, match="uv lock"):
        locked(["no-such-package"], "3.11")


def test_the_wheel_has_the_one_name_that_pip_takes(tmp_path: Path) -> None:
    """Prevents Glue's "is not a valid wheel filename", and an old wheel left beside the new one."""
    (tmp_path / "socialsent_assets-0.0.1-py3-none-any.whl").write_bytes(b"old")
    (built,) = build_wheel(tmp_path)
    assert built == wheel_path(tmp_path)
    assert list(tmp_path.iterdir()) == [built]
    assert build_wheel(tmp_path) == {built: False}


@pytest.mark.aws
def test_pip_installs_the_wheel_and_finds_it_complete(tmp_path: Path) -> None:
    """Prevents a hand-built wheel that installers reject: pip checks name, metadata and every digest."""
    (wheel,) = build_wheel(tmp_path)
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=120)
    python = str(environment / "bin" / "python")
    install = [python, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet", str(wheel)]
    subprocess.run(install, check=True, timeout=120)
    code = "import socialsent_assets.domain.tables as tables; print(tables.__file__)"
    done = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert str(environment) in done.stdout


def test_the_wheel_asks_for_what_glue_lacks_and_no_more() -> None:
    """Prevents a Glue run that installs Dagster, dbt and a second Spark over its own at every start."""
    needs = requirements()
    assert {name.partition("[")[0] for name in NEEDED} <= set(needs)
    assert not set(needs) & {*IN_GLUE, "dagster", "duckdb", "pandas", "dbt-core", "moto", "matplotlib"}
    (metadata,) = (content.decode() for path, content in wheel_files().items() if path.endswith("/METADATA"))
    assert metadata.count("Requires-Dist: ") == len(needs)
    assert f"Requires-Dist: numpy=={needs['numpy']}\n" in metadata


def test_the_wheel_carries_lexicon_and_stop_words_and_no_dbt_project() -> None:
    """Prevents a job that scores without its lexicon, and a wheel with rooms that no job enters."""
    files = wheel_files()
    assert "socialsent_assets/domain/language/lexicon/vader_lexicon.txt" in files
    rooms = {path.split("/")[1] for path in files if path.startswith("socialsent_assets/")}
    assert rooms == {"__init__.py", "aws", "domain", "jobs", "lake", "ml", "settings"}
    assert not [path for path in files if "__pycache__" in path or "dbt_project" in path]


def test_every_module_of_the_wheel_finds_what_it_imports_in_the_wheel(tmp_path: Path) -> None:
    """Prevents a Glue run that fails at an import, where the file is in the tree and not in the wheel."""
    with zipfile.ZipFile(next(iter(build_wheel(tmp_path)))) as wheel:
        wheel.extractall(tmp_path / "unpacked")
        names = [name for name in wheel.namelist() if name.endswith(".py") and not name.endswith("__main__.py")]
    modules = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in names]
    assert "socialsent_assets.jobs.glue_main" in modules
    program = (
        "import importlib, sys; sys.path.insert(0, sys.argv[1]); [importlib.import_module(m) for m in sys.argv[2:]]"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "unpacked"), *modules]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr


def test_help_shows_examples(capsys) -> None:
    """Prevents a command that has to be read to be used."""
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "python -m infra.packaging wheel" in capsys.readouterr().out
