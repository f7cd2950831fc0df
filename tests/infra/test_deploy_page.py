"""docs/deploy-aws.md: what can run here is run; what needs an account names what AWS and the templates have."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra.costs import estimate_of, table
from infra.sizes import load_size
from tests.infra.deploy_page import PAGE, Block, account_commands, blocks, code_in, table_under
from tests.infra.synthesized import ROOT, Assembly

CDK = "aws-cdk@2.1148.1"
TEXT = PAGE.read_text(encoding="utf-8")
TO_RUN = [block for block in blocks() if not block.needs_an_account]
AWS_COMMANDS = account_commands("aws")
PICKING = [words for words in AWS_COMMANDS if "--query" in words]
assert TO_RUN, "the page has no block that runs without an account"
assert PICKING, "the page has no command with --query"

# Of the AWS command line itself, not of a service.
GLOBAL_OPTIONS = {"--query", "--output", "--region", "--profile", "--cli-binary-format"}
OF_THE_COMMAND_LINE = {
    ("s3", "cp"): {"--recursive", "--metadata-directive"},
    ("s3", "sync"): {"--exclude"},
    ("s3", "rm"): {"--recursive"},
    ("ecr", "get-login-password"): set[str](),
}
# Options that the AWS command line calls otherwise than the service does, because of its own --endpoint-url.
RENAMED = {("sns", "subscribe"): {"notification-endpoint": "endpoint"}}


def test_every_program_in_a_block_is_one_that_the_page_asks_for() -> None:
    """Prevents a tool that appears in the middle of a deployment."""
    asked = {"aws", "npx", "docker", "socialsent", "dbt", "make", "python"}
    assert {words[0] for block in blocks() for words in block.commands()} <= asked


@pytest.mark.parametrize("words", AWS_COMMANDS, ids=lambda words: " ".join(words[1:3]))
def test_every_aws_command_has_an_operation_and_options_that_exist(words: list[str]) -> None:
    """Prevents `aws sagemaker remove-endpoint`. Required members must be given, too."""
    service, operation, *arguments = words[1:]
    options = {word for word in arguments if word.startswith("--")} - GLOBAL_OPTIONS
    if (service, operation) in OF_THE_COMMAND_LINE:
        assert options <= OF_THE_COMMAND_LINE[service, operation]
        return
    shape = operation_model(service, operation).input_shape
    members = {} if shape is None else {kebab(name): member for name, member in shape.members.items()}
    renamed = RENAMED.get((service, operation), {})
    given = {renamed.get(option, option) for option in (option.removeprefix("--") for option in options)}
    no = {f"no-{name}": name for name, member in members.items() if member.type_name == "boolean"}
    assert {no.get(name, name) for name in given} <= set(members), f"of {sorted(members)}"
    required = set() if shape is None else {kebab(name) for name in shape.required_members}
    assert required <= {no.get(name, name) for name in given}


@pytest.mark.parametrize("words", PICKING, ids=lambda words: " ".join(words[1:3]))
def test_what_an_aws_command_picks_from_an_answer_is_in_that_answer(words: list[str]) -> None:
    """Prevents a variable that is empty because a member is called otherwise."""
    shape = operation_model(words[1], words[2]).output_shape
    first = re.match(r"\w+", words[words.index("--query") + 1])
    assert shape is not None
    assert first is not None
    assert first[0] in shape.members


def test_every_socialsent_command_has_its_options() -> None:
    import typer

    from socialsent_assets.cli.main import app

    root = typer.main.get_command(app)
    for words in account_commands("socialsent"):
        command: Any = root
        rest = words[1:]
        while hasattr(command, "commands"):
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_context(" ".join(words), list(rest))  # parses, runs nothing


def test_every_dbt_command_has_its_options() -> None:
    from dbt.cli.main import cli

    for words in account_commands("dbt"):
        command = cli.commands[words[1]]
        known = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words[2:] if word.startswith("--")} <= known
        if words[1] == "run-operation":
            macros = "\n".join(path.read_text() for path in (ROOT / "dbt_project" / "macros").glob("*.sql"))
            assert f"macro {words[2]}(" in macros


def test_every_command_of_the_cdk_is_of_the_version_that_reads_the_templates() -> None:
    """Prevents `npx aws-cdk`, which brings a version that rejects them."""
    versions = {words[1] for block in blocks() for words in block.commands() if words[0] == "npx"}
    assert versions == {CDK}
    assert CDK in (ROOT / "infra" / "app.py").read_text()


def test_the_image_is_built_from_the_file_that_is_there_for_the_machine_that_runs_it() -> None:
    (build,) = [words for words in account_commands("docker") if words[1] == "build"]
    assert (ROOT / build[build.index("-f") + 1]).is_file()
    assert build[build.index("--platform") + 1] == "linux/amd64"
    assert build[build.index("-t") + 1] == f"$REPOSITORY:{load_size('small').orchestration.image_tag}"


def test_the_event_that_the_page_sends_is_accepted() -> None:
    """Prevents a first event that lands in quarantine."""
    from socialsent_assets.domain.events.event import Event, parse
    from socialsent_assets.domain.events.start import start_hour

    (words,) = [words for words in AWS_COMMANDS if words[2] == "put-record"]
    data = words[words.index("--data") + 1]
    arrived = datetime.fromisoformat(json.loads(data)["event_time"]).astimezone(UTC)
    assert isinstance(parse(data.encode(), arrived, start_hour({})), Event)


def test_the_tick_that_the_page_sends_is_the_one_of_the_schedule() -> None:
    (words,) = [words for words in AWS_COMMANDS if words[1:3] == ["lambda", "invoke"]]
    tick = json.loads(words[words.index("--payload") + 1])
    assert set(tick) == {"source", "detail-type", "time", "detail"}
    assert datetime.fromisoformat(tick["time"]).tzinfo is not None


def test_the_questions_that_the_page_asks_are_about_columns_that_exist() -> None:
    from infra.marts import mart_columns
    from socialsent_assets.domain.tables import TABLES

    asked = [words[2] for words in account_commands("socialsent") if words[1] == "query"]
    assert len(asked) == 2
    daily = re.fullmatch(r"select (\w+), (\w+) from agg_sentiment_daily order by 1", asked[0])
    assert daily is not None
    assert set(daily.groups()) <= set(mart_columns("agg_sentiment_daily"))
    assert "from cleansed.posts where event_hour >= " in asked[1]
    (posts,) = [each for each in TABLES if (each.tier, each.name) == ("cleansed", "posts")]
    assert {"source", "event_hour"} <= {column.name for column in posts.columns}


def test_every_link_of_the_page_leads_somewhere() -> None:
    """Prevents a table of contents that leads nowhere."""
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        file, _, anchor = target.partition("#")
        page = PAGE.parent / file if file else PAGE
        assert page.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
            slugs = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, target


@pytest.mark.parametrize("size", ["small", "production"])
def test_the_page_shows_the_estimate_that_the_command_prints(size: str) -> None:
    """Prevents costs of an earlier size: python -m infra.costs --size … and paste."""
    assert table(estimate_of(size)) in TEXT


def test_what_a_tick_every_20_seconds_would_cost_is_what_the_page_says() -> None:
    lines = [line for line in estimate_of("small").lines() if line.what.startswith("sensor:")]
    often = sum(line.usd for line in lines) * 60 * 60 / 20
    (said,) = re.findall(r"ticks would cost ([\d,]+) USD", TEXT)
    assert float(said.replace(",", "")) == pytest.approx(often, rel=0.05)


@pytest.mark.aws
@pytest.mark.xdist_group("deploy_page")  # they write to build/
@pytest.mark.parametrize("block", TO_RUN, ids=lambda block: block.text.splitlines()[0])
def test_every_command_that_needs_no_account_runs(block: Block) -> None:
    """As written on the page, by a shell, in the root of the project."""
    if "npx" in block.text and not npm_answers():
        pytest.skip("the registry of npm cannot be reached")
    hidden = ("AWS_", "CDK_", "MAKE", "MFLAGS", "SOCIALSENT_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    if "npx" in block.text:
        assert "socialsent-lake" in done.stdout


@pytest.mark.aws
def test_every_stack_has_its_row(everything: Assembly) -> None:
    shown = {code_in(row[0])[0].removeprefix("socialsent-") for row in table_under("What is deployed")}
    assert shown == set(everything.templates)


@pytest.mark.aws
def test_every_alarm_has_its_row(small: Assembly, everything: Assembly) -> None:
    """Prevents an alarm at night that the page does not know."""
    shown = {f"socialsent-{name}" for row in table_under("Alarms") for name in code_in(row[0])}
    templates = (small, everything)
    made = {alarm["AlarmName"] for each in templates for _, alarm in each.every("AWS::CloudWatch::Alarm")}
    assert shown == made


@pytest.mark.aws
def test_every_role_has_its_row(everything: Assembly) -> None:
    shown = {name for row in table_under("Permissions") for name in code_in(row[0])}
    outputs = {name for template in everything.templates.values() for name in template.get("Outputs", {})}
    assert shown == {name for name in outputs if re.fullmatch(r"\w+(Role|Policy)Arn", name)}


@pytest.mark.aws
def test_every_name_in_a_command_is_one_that_the_templates_give(everything: Assembly, production: Assembly) -> None:
    """Prevents a queue, a service or an output that is called otherwise; buckets carry account and region."""
    written = json.dumps([*everything.templates.values(), *production.templates.values()])
    stacks = {f"socialsent-{part}" for part in everything.templates}
    text = "\n".join(block.text for block in blocks() if block.needs_an_account)
    named = set(re.findall(r"(?<![\w/])socialsent-[a-z-]*[a-z](?=-\d{12}|\b)", text)) - stacks
    assert named, "the page names nothing?"
    assert {name for name in named if name not in written} == set()
    outputs = {name for template in everything.templates.values() for name in template.get("Outputs", {})}
    assert set(re.findall(r"OutputKey=='(\w+)'", text)) <= outputs
    regions = set(re.findall(r"socialsent-[a-z]+-(\d{12}-[\w-]+\d)", text))
    assert regions == {"123456789012-eu-central-1"}


@cache
def npm_answers() -> bool:
    npx = Path(sys.executable).with_name("npx")
    done = subprocess.run([npx, "--yes", CDK, "--version"], capture_output=True, text=True, timeout=120)
    return done.returncode == 0


def operation_model(service: str, operation: str) -> Any:
    """What botocore knows of `aws <service> <operation>`."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    model = ServiceModel(Loader().load_service_model(service, "service-2"))
    names = {kebab(name): name for name in model.operation_names}
    assert operation in names, f"{service} has no {operation}"
    return model.operation_model(names[operation])


def kebab(name: str) -> str:
    """As the AWS command line writes it: DBInstanceIdentifier is db-instance-identifier."""
    from botocore import xform_name

    return xform_name(name, "-")
