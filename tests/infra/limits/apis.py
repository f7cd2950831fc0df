"""Every property of a resource beside the member of the API's input that takes it (apis.toml).

Names are compared without case and punctuation, because CloudFormation and the APIs differ in both alone.

Not here: what a member allows (shapes.py).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore.model import Shape, StructureShape

_FILE = Path(__file__).with_name("apis.toml")
_ITEM = re.compile(r"(.*)\[(.*)]$")


@dataclass(frozen=True)
class Api:
    """What takes the properties of one type of resource; see apis.toml.

    Attributes:
        alone: property -> why no API takes it.
    """

    call: str
    rename: Mapping[str, str] = field(default_factory=dict)
    alone: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """A value and the member that takes it; `shape` is None for a property that no member takes."""

    path: str
    value: Any
    shape: Shape | None
    documentation: str = ""


@cache
def apis() -> dict[str, Api]:
    """By type of resource."""
    return {kind: Api(**entry) for kind, entry in tomllib.loads(_FILE.read_text(encoding="utf-8")).items()}


def taken(api: Api, properties: Mapping[str, Any]) -> Iterator[Taken]:
    """Every value of a resource, structures included, with the member that takes it."""
    yield from _structure("", properties, _input(api.call), api)


@cache
def _service(name: str) -> Any:
    return botocore.session.get_session().get_service_model(name)


def _input(call: str) -> Any:
    service, operation = call.split(".")
    return _service(service).operation_model(operation).input_shape


def _structure(path: str, properties: Mapping[str, Any], shape: StructureShape, api: Api) -> Iterator[Taken]:
    members = {_plain(name): member for name, member in shape.members.items()}
    for name, value in properties.items():
        inside = f"{path}.{name}".lstrip(".")
        if inside in api.alone or value == "AWS::NoValue":
            continue
        member, documentation = _member(members, api.rename.get(inside, name))
        if member is None:
            yield Taken(inside, value, None)
        else:
            yield from _value(inside, value, member, documentation, api)


def _value(path: str, value: Any, shape: Shape, documentation: str, api: Api) -> Iterator[Taken]:
    yield Taken(path, value, shape, documentation)
    kind = shape.type_name
    if kind == "structure" and isinstance(value, Mapping):
        yield from _structure(path, value, shape, api)  # type: ignore[arg-type]
    elif kind == "list" and isinstance(value, list):
        for item in value:
            yield from _value(path, item, shape.member, "", api)  # type: ignore[attr-defined]
    elif kind == "map" and isinstance(value, Mapping):
        for key, item in value.items():
            yield Taken(f"{path}.*", key, shape.key)  # type: ignore[attr-defined]
            yield from _value(f"{path}.*", item, shape.value, "", api)  # type: ignore[attr-defined]


def _member(members: Mapping[str, Shape], name: str) -> tuple[Shape | None, str]:
    """The member called `name`, or `service.Operation:path`, or `…:path[item]` of a map of attributes."""
    item = ""
    if found := _ITEM.match(name):
        name, item = found.groups()
    if ":" in name:
        call, path = name.split(":")
        member = _input(call)
        for step in filter(None, path.split(".")):
            member = member.members[step]
    else:
        plain = _plain(name)
        member = members.get(plain) or members.get(f"{plain}s") or members.get(plain.removesuffix("s"))
    if member is None or not item:
        return member, ""
    return member.value, _text_of(item, member.documentation)


def _text_of(attribute: str, documentation: str) -> str:
    """Description of one attribute in the text of a map of them. Raises LookupError if it has none."""
    for part in re.split(r"<li>", documentation):
        if re.match(rf"\s*(?:<p>)?\s*<code>{attribute}</code>", part):
            return part
    raise LookupError(f"the model's text has no attribute {attribute}")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
