"""The templates of a size, written once per test session by the command that people use, and read as data.

    assembly = synthesized("small", folder)
    assembly.one("ingest", "AWS::Lambda::Function", FunctionName="socialsent-mock-server")["Environment"]

Intrinsic functions are resolved for one account and region, as CloudFormation would: a `Ref` to a named resource is
its name, an ARN of one is its ARN. What only AWS can know stays as CloudFormation's own words.

Not here: checks of a template's content (the tests beside this file).
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
REGION = "eu-central-1"

Properties = dict[str, Any]

# What `Ref` gives, for the types whose name is a property.
_NAMES = (
    *("BucketName", "FunctionName", "QueueName", "TopicName", "StreamName", "Name", "LogGroupName"),
    *("WorkgroupName", "NamespaceName", "RoleName", "DatabaseName", "RepositoryName", "LayerName"),
)
# What `Ref` gives an ARN for, although it has a name.
_ARN_OF = {
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::Lambda::LayerVersion": "lambda:{region}:{account}:layer:{name}:1",
    "AWS::SecretsManager::Secret": "secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
}
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}
_ARNS = {
    "AWS::Kinesis::Stream": "kinesis:{region}:{account}:stream/{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{name}",
    "AWS::ECR::Repository": "ecr:{region}:{account}:repository/{name}",
}


class SynthesisError(AssertionError):
    """`python -m infra.app` did not end with 0; the message holds what it wrote."""


@dataclass(frozen=True)
class Assembly:
    """The templates in a folder, by part: `lake`, `ingest`, `compute`, …

    Attributes:
        folder: what `python -m infra.app` wrote, with the assets.
        messages: what it wrote to the terminal.
    """

    folder: Path
    messages: str = field(default="", compare=False)

    @cached_property
    def templates(self) -> dict[str, dict[str, Any]]:
        """Part -> template as it is written."""
        files = sorted(self.folder.glob("*.template.json"))
        return {
            file.name.partition("-")[2].removesuffix(".template.json"): json.loads(file.read_text()) for file in files
        }

    def resources(self, part: str, kind: str) -> dict[str, Properties]:
        """Logical id -> resolved properties of every resource of a type."""
        found = self.templates[part].get("Resources", {}).items()
        return {
            name: self.resolved(part, resource.get("Properties", {}))
            for name, resource in found
            if resource["Type"] == kind
        }

    def one(self, part: str, kind: str, **properties: Any) -> Properties:
        """The one resource of a type with these properties. Raises AssertionError for none or several."""
        found = [
            resource
            for resource in self.resources(part, kind).values()
            if all(resource.get(name) == value for name, value in properties.items())
        ]
        assert len(found) == 1, f"{len(found)} of {kind} with {properties} in {part}"
        return found[0]

    def every(self, kind: str) -> Iterator[tuple[str, Properties]]:
        """(`part/logical id`, resolved properties) of every resource of a type, in every part."""
        for part in self.templates:
            for name, properties in self.resources(part, kind).items():
                yield f"{part}/{name}", properties

    def output(self, part: str, name: str) -> Any:
        """Resolved value of a stack's output."""
        return self.resolved(part, self.templates[part]["Outputs"][name]["Value"])

    def role(self, part: str, output: str) -> list[dict[str, Any]]:
        """Resolved statements of the role that a stack puts out, `ConsumerRoleArn`."""
        logical_id = self.templates[part]["Outputs"][output]["Value"]["Fn::GetAtt"][0]
        role = self.resources(part, "AWS::IAM::Role")[logical_id]
        return [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]

    def resolved(self, part: str, value: Any) -> Any:
        """`value` with its intrinsic functions replaced by what they will be."""
        if isinstance(value, list):
            return [self.resolved(part, item) for item in value]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            (name, argument), *_ = value.items()
            if name == "Ref":
                return self._ref(part, argument)
            if name == "Fn::GetAtt":
                return self._attribute(part, argument)
            if name == "Fn::ImportValue":
                return self._imported(argument)
            if name == "Fn::Join":
                separator, items = argument
                return separator.join(str(self.resolved(part, item)) for item in items)
            if name == "Fn::Select" and isinstance(items := self.resolved(part, argument[1]), list):
                return items[int(argument[0])]
            if name == "Fn::Split":
                separator, text = argument
                return self.resolved(part, text).split(separator)
            if name == "Fn::Sub" and isinstance(argument, str):
                return self._substituted(argument)
        return {key: self.resolved(part, item) for key, item in value.items()}

    def _substituted(self, text: str) -> str:
        for name, value in _PSEUDO.items():
            text = text.replace(f"${{{name}}}", value)
        return text

    def _ref(self, part: str, name: str) -> str:
        return _PSEUDO[name] if name in _PSEUDO else self._name(part, name)

    def _name(self, part: str, logical_id: str) -> str:
        resource = self.templates[part].get("Resources", {}).get(logical_id, {})
        if resource.get("Type") == "AWS::KMS::Key":  # they have no names, and one logical id in all stacks
            return f"{part}-{logical_id}"
        properties = resource.get("Properties", {})
        named = next((properties[name] for name in _NAMES if isinstance(properties.get(name), str | dict)), None)
        name = logical_id if named is None else str(self.resolved(part, named))
        arn = _ARN_OF.get(resource.get("Type", ""))
        return f"arn:aws:{arn.format(region=REGION, account=ACCOUNT, name=name)}" if arn else name

    def _attribute(self, part: str, argument: list[str]) -> str:
        logical_id, attribute = argument
        kind = self.templates[part]["Resources"][logical_id]["Type"]
        name = self._name(part, logical_id)
        if attribute in ("Arn", "TopicArn") and kind in _ARNS:
            return "arn:aws:" + _ARNS[kind].format(region=REGION, account=ACCOUNT, name=name)
        return f"{name}.{attribute}"

    def _imported(self, export: str) -> Any:
        for part, template in self.templates.items():
            for output in template.get("Outputs", {}).values():
                if output.get("Export", {}).get("Name") == export:
                    return self.resolved(part, output["Value"])
        raise KeyError(f"no stack exports {export}")


def synthesized(size: str, folder: Path, *options: str) -> Assembly:
    """The templates of a size in `folder`, written if they are not there yet; concurrent processes wait.

    Raises:
        SynthesisError: with the output of the command.
    """
    folder.mkdir(parents=True, exist_ok=True)
    out, messages = folder / "cdk.out", folder / "messages.txt"
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not messages.is_file():
            messages.write_text(_synthesize(size, out, ["--build", str(_built(folder)), *options]))
    return Assembly(out, messages.read_text())


def _synthesize(size: str, out: Path, options: list[str]) -> str:
    command = [sys.executable, "-m", "infra.app", "--size", size, "--out", str(out), *options]
    # No credentials, no proxy, nothing of the caller's account: templates must not need any of it.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    environment |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise SynthesisError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def _built(folder: Path) -> Path:
    """What `make lambdas wheel` leaves, built here: a second, and no test depends on what lies in build/.

    The zip for Glue holds our wheel alone; the whole of it is tested in test_glue_wheels.py.
    """
    from infra.packaging.glue_wheels import build_glue_wheels
    from infra.packaging.lambda_zips import build_lambda_zips
    from infra.packaging.layer import build_layer

    build = folder / "build"
    build_lambda_zips(build / "lambdas")
    build_layer(build / "lambdas" / "powertools_layer.zip")
    build_glue_wheels(build / "wheels", needed={})
    return build
