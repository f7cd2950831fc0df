"""Erasure as a job: ids in its configuration, a receipt without them in the run.

The command does the work in a process of its own: it builds, and a build inside a step of a run would be a run inside
a run. Dagster keeps the configuration with its runs; the erasure takes the ids out of there as well.

Not here: what is done in each tier (erasure/), the command (cli/erase.py).
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import dagster as dg

_COMMAND = "import sys; from socialsent_assets.cli.main import run; run()"


class ErasureConfig(dg.Config):
    """What is to be erased.

    Attributes:
        users: persons, by id.
        posts: posts, comments and interactions, by id.
        reason: kept in the ledger; name nobody in it.
        dry_run: count, and change nothing.
    """

    users: list[str] = []  # noqa: RUF012 - a field of a configuration
    posts: list[str] = []  # noqa: RUF012
    reason: str = ""
    dry_run: bool = False


@dg.op
def erase_ids(context: dg.OpExecutionContext, config: ErasureConfig) -> None:
    """Erase as `socialsent erase` does; the receipt is metadata of the output."""
    wanted = [*(f"user {one}" for one in config.users), *(f"post {one}" for one in config.posts)]
    with tempfile.TemporaryDirectory(prefix="socialsent-erase-") as folder:
        receipt = Path(folder) / "receipt.json"
        options = ["--from", "-", "--reason", config.reason, "--receipt", str(receipt)]
        if config.dry_run:
            options.append("--dry-run")
        done = subprocess.run(
            [sys.executable, "-c", _COMMAND, "erase", *options],
            input="\n".join(wanted),  # never an argument, which every user of the machine can see
            capture_output=True,
            text=True,
            check=False,
        )
        for line in done.stdout.splitlines():
            context.log.info(line)
        if done.returncode != 0:
            raise dg.Failure(done.stderr.strip() or f"exit code {done.returncode}", allow_retries=False)
        found = json.loads(receipt.read_text(encoding="utf-8"))
    context.add_output_metadata({"receipt": found, **{k: v for k, v in found.items() if isinstance(v, int | float)}})


@dg.job(description="Erase persons or texts from all stored data; the receipt does not name them.")
def erase() -> None:
    """See `erase_ids`."""
    erase_ids()
