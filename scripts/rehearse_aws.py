"""One day in a throwaway account: deploy size small, check what no emulator can show, take everything down.

    python scripts/rehearse_aws.py --plan                          the steps, without an account
    python scripts/rehearse_aws.py --account 123456789012          all of them; prompts before it begins
    python scripts/rehearse_aws.py --account 123456789012 --from alarms   goes on at a step

Needs credentials of an administrator of that account, AWS_REGION, Docker, and `make lambdas wheel`. What AWS answered
goes to build/rehearsal/answers.md, step by step. A step that fails ends the rehearsal and everything is taken down,
unless `--keep` is given. It costs a few dollars (docs/deploy-aws.md, "What it costs").

Not here: the steps (infra/rehearsal.py), what is deployed (infra/), the same by hand (docs/deploy-aws.md).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from infra.rehearsal import STEPS, TEAR_DOWN, Rehearsal, RehearsalError, Step  # noqa: E402 - found by the line above

SIZE = "small"


def rehearse(rehearsal: Rehearsal, report: Path, first: str = "account", *, keep: bool = False) -> int:
    """Every step from `first` on, then the tear-down; 0, or 1 where a step failed. Writes `report` after each."""
    names = [step.name for step in STEPS]
    is_ours, failed = first != "account", False  # what was there before is not ours to take down
    for step in STEPS[names.index(first) :]:
        try:
            _answer(rehearsal, step, report)
        except Exception as error:  # noqa: BLE001 - whatever it was, the account has to be left clean
            _note(rehearsal, report, f"- **{step.name}**: {step.question} FAILED: {type(error).__name__}: {error}")
            failed = True
            break
        is_ours = True
    if is_ours and not keep:
        try:
            _answer(rehearsal, TEAR_DOWN, report)
        except Exception as error:  # noqa: BLE001 - reported, because what is left costs money
            _note(rehearsal, report, f"- **tear-down** FAILED, take it down by hand: {type(error).__name__}: {error}")
            failed = True
    return int(failed)


def _answer(rehearsal: Rehearsal, step: Step, report: Path) -> None:
    sys.stderr.write(f"{step.name}: {step.question}\n")
    began = time.monotonic()
    answer = step.act(rehearsal)
    line = f"- **{step.name}**: {step.question} {answer.strip()} ({time.monotonic() - began:.0f} s)"
    _note(rehearsal, report, line)


def _note(rehearsal: Rehearsal, report: Path, line: str) -> None:
    sys.stderr.write(f"  {line}\n")
    rehearsal.answers.append(line)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text("\n".join(["# What AWS answered", "", *rehearsal.answers, ""]), encoding="utf-8")


def _run(command: Sequence[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RehearsalError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-1500:]}")
    return done.stdout + done.stderr


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0, 1 where a step failed, 2 where it cannot begin."""
    parser = argparse.ArgumentParser(
        prog="python scripts/rehearse_aws.py",
        description="Deploy size small into a throwaway account, write down what AWS answers, take it down.",
        epilog=str(__doc__).partition("\n\n")[2].partition("\n\n")[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--plan", action="store_true", help="show the steps and end")
    parser.add_argument("--account", help="number of the account that it may happen in")
    parser.add_argument("--name", default="rehearsal", help="first part of every name")
    parser.add_argument("--from", dest="first", default="account", choices=[step.name for step in STEPS])
    parser.add_argument("--keep", action="store_true", help="leave everything standing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args(arguments)
    if options.plan:
        sys.stdout.writelines(f"{step.name}: {step.question}\n" for step in (*STEPS, TEAR_DOWN))
        return 0
    region = os.environ.get("AWS_REGION", "")
    if not options.account or not region:
        sys.stderr.write("rehearse_aws: name the account with --account and the region in AWS_REGION\n")
        return 2
    if not options.yes and input(f"Deploy to account {options.account} in {region}? It costs money. [y/N] ") != "y":
        return 2
    import boto3

    environment = {**os.environ, "SIZE": SIZE, "DEPLOYMENT_NAME": options.name}
    rehearsal = Rehearsal(
        options.account,
        region,
        options.name,
        lambda command, folder: _run(command, folder, environment),
        lambda service: boto3.client(service, region_name=region),  # type: ignore[call-overload]
    )
    return rehearse(rehearsal, ROOT / "build" / "rehearsal" / "answers.md", options.first, keep=options.keep)


if __name__ == "__main__":
    sys.exit(main())
