"""Runs a packaged Lambda as Lambda does: zip, layer and boto3, all unpacked, and nothing else of this machine.

Its limits: one process per invocation (always a cold start), this machine's processor, the newest installed Python
that is not newer than the functions' runtime.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# What Lambda's Python runtime brings; jmespath has to come from the layer, as it does for Powertools.
RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "urllib3", "dateutil", "six")

BOOTSTRAP = """
import importlib, json, sys, time
from types import SimpleNamespace
module, _, name = sys.argv[1].rpartition(".")
handler = getattr(importlib.import_module(module), name)
context = SimpleNamespace(
    function_name="packaged", function_version="$LATEST", memory_limit_in_mb="256", aws_request_id="request-1",
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:packaged",
)
answer = handler(json.load(sys.stdin), context)
files = {getattr(module, "__file__", None) for module in list(sys.modules.values())} - {None}
with open(sys.argv[2], "w") as file:
    json.dump({"answer": answer, "modules": sorted(files)}, file)
"""


@dataclass(frozen=True)
class Invocation:
    """What one invocation gave: `answer` is None when it raised, `log` its lines on standard output."""

    answer: Any
    log: list[str]
    stderr: str
    modules: list[str]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Log lines that are no metrics; every line has to be JSON."""
        return [line for line in map(json.loads, self.log) if "_aws" not in line]

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """Lines in the embedded metric format."""
        return [line for line in map(json.loads, self.log) if "_aws" in line]

    def counted(self, *dimensions: str) -> dict[str, float]:
        """Metric -> number, of the lines with exactly these dimensions; a reason follows the name."""
        found = {}
        for line in self.metrics:
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            if [sorted(dimensions)] == [sorted(names) for names in directive["Dimensions"]]:
                suffix = "".join(f"/{line[name]}" for name in dimensions if name != "service")
                for metric in directive["Metrics"]:
                    (found[metric["Name"] + suffix],) = line[metric["Name"]]
        return found


class BareRuntime:
    """An environment without packages, the layer and the runtime's own boto3 beside it."""

    def __init__(self, folder: Path, layer: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self.environ = environ
        self.python = folder / "environment" / "bin" / "python"
        subprocess.run([newest_python(), "-m", "venv", "--without-pip", str(folder / "environment")], check=True)
        self.opt, self.runtime = folder / "opt", folder / "runtime"
        zipfile.ZipFile(layer).extractall(self.opt)
        self.runtime.mkdir()
        for name in RUNTIME_PACKAGES:
            origin = Path(str(importlib.util.find_spec(name).origin))
            source = origin.parent if origin.name == "__init__.py" else origin
            (self.runtime / source.name).symlink_to(source)

    def invoke(self, package: Path, handler: str, event: dict[str, Any], **settings: str) -> Invocation:
        """One cold start and one call."""
        task, answer = self.folder / package.stem, self.folder / "answer.json"
        zipfile.ZipFile(package).extractall(task)
        answer.unlink(missing_ok=True)
        done = subprocess.run(
            [str(self.python), "-c", BOOTSTRAP, handler, str(answer)],
            input=json.dumps(event),
            cwd=task,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join(map(str, (task, self.opt / "python", self.runtime))),
                "PYTHONDONTWRITEBYTECODE": "1",
                "AWS_LAMBDA_FUNCTION_NAME": "packaged",
                "LAMBDA_TASK_ROOT": str(task),
                **self.environ,
                **settings,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        told = json.loads(answer.read_text()) if answer.exists() else {"answer": None, "modules": []}
        return Invocation(told["answer"], done.stdout.splitlines(), done.stderr, told["modules"])


def newest_python() -> str:
    """An interpreter that starts: 3.13 like the functions' runtime where there is one, else an older one."""
    names = ("python3.13", "python3.12", "python3.11")
    by_pyenv = (str(path) for path in (Path.home() / ".pyenv" / "versions").glob(f"*/bin/{names[0]}"))
    for path in (*by_pyenv, *map(shutil.which, names)):
        if path and subprocess.run([path, "-c", "import venv"], capture_output=True, check=False).returncode == 0:
            return path
    raise FileNotFoundError("no Python 3.11 to 3.13 on PATH")
