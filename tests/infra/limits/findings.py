"""Properties of an assembly outside of AWS' limits, and those without a known limit.

Not here: the limits (apis.py, shapes.py, guides.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.infra.limits.apis import apis, taken
from tests.infra.limits.guides import guides
from tests.infra.limits.shapes import problems
from tests.infra.synthesized import Assembly

# Types of CDK's own and ours: their properties go to a Lambda, not to an API.
_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


@dataclass(frozen=True)
class Finding:
    """One value outside of a limit.

    Attributes:
        place: `part/logical id`.
        kind: type of the resource.
        path: of the property.
        problem: value, limit and who states it.
    """

    place: str
    kind: str
    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place} {self.kind} {self.path}: {self.problem}"


def findings(assembly: Assembly) -> list[Finding]:
    """Every value that the API's model, its text or a guide does not allow."""
    unknown = only_aws_knows(assembly)
    found = (
        finding
        for place, kind, properties in resources(assembly)
        for finding in findings_of(place, kind, properties, unknown)
    )
    return sorted(set(found), key=str)


def findings_of(
    place: str, kind: str, properties: Mapping[str, Any], unknown: Collection[str] = ()
) -> Iterator[Finding]:
    """Those of one resource; `unknown` are texts in the place of ids that AWS makes up."""
    api, cases = apis().get(kind), other_cases(kind, properties)
    for given in taken(api, properties) if api else ():
        if given.shape is not None and not _is_unknown(given.value, unknown):
            found = problems(given.value, given.shape, documentation=given.documentation, other_cases=cases)
            yield from (Finding(place, kind, given.path, problem) for problem in found)
    for path, problem in guides(kind, properties):
        yield Finding(place, kind, path, problem)


def unmatched(assembly: Assembly) -> dict[str, set[str]]:
    """Type -> properties that no API takes and apis.toml does not explain; {""} for a type that it does not name."""
    known = apis()
    found: dict[str, set[str]] = {}
    for _, kind, properties in resources(assembly):
        if kind not in known:
            found.setdefault(kind, set()).add("")
            continue
        for given in taken(known[kind], properties):
            if given.shape is None:
                found.setdefault(kind, set()).add(given.path)
    return found


def resources(assembly: Assembly) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(`part/logical id`, type, resolved properties) of every resource that goes to an API."""
    for part, template in assembly.templates.items():
        for name, resource in template.get("Resources", {}).items():
            if not resource["Type"].startswith(_CUSTOM):
                yield f"{part}/{name}", resource["Type"], assembly.resolved(part, resource.get("Properties", {}))


def only_aws_knows(assembly: Assembly) -> set[str]:
    """Placeholders in resolved properties for ids that AWS generates: logical ids, and attributes of resources."""
    names = {name for template in assembly.templates.values() for name in template.get("Resources", {})}
    return names | {attribute for part in assembly.templates for attribute in _attributes(assembly, part)}


def _attributes(assembly: Assembly, part: str) -> Iterator[str]:
    inside: list[Any] = [assembly.templates[part]]
    while inside:
        value = inside.pop()
        if isinstance(value, list):
            inside += value
        elif isinstance(value, Mapping):
            if "Fn::GetAtt" in value and not (text := assembly.resolved(part, value)).startswith("arn:"):
                yield text
            inside += value.values()


def _is_unknown(value: Any, unknown: Collection[str]) -> bool:
    if isinstance(value, Mapping):
        return any(key.startswith("Fn::") for key in value)
    return isinstance(value, str) and (value in unknown or value.startswith("{{resolve:"))


def other_cases(kind: str, properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Words that a sentence about something else than this resource holds."""
    if kind.startswith("AWS::ECS::"):
        return ("EC2 launch type", "Windows", "external")
    if kind == "AWS::RDS::DBInstance":
        postgres = ("Aurora", "MySQL", "MariaDB", "Oracle", "SQL Server", "Db2", "RDS Custom", "io1")
        return (*postgres, "gp2", "magnetic", "standard storage")
    if kind == "AWS::Redshift::Cluster":
        return ("DC2 nodes",)
    if kind == "AWS::Lambda::EventSourceMapping":
        return ("DynamoDB", "Simple Queue", "MSK", "Kafka", "MQ", "DocumentDB")
    return ()
