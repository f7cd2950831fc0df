"""Reading one value of the environment: checked, with an error that names the variable.

Not here: which variables there are (the modules beside this one).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from socialsent_assets.domain.events.errors import UserError


def name_of(env: Mapping[str, str], setting: str, default: str, longest: int) -> str:
    """An AWS resource name: letters, digits and hyphens. Raises UserError for another or a longer one."""
    value = env.get(setting) or default
    if len(value) > longest or not re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", value):
        raise UserError(f"{setting}={value}: use letters, digits and hyphens, at most {longest}")
    return value


def number_of(env: Mapping[str, str], setting: str, default: int, allowed: range, words: str) -> int:
    """A whole number within `allowed`, which `words` describe. Raises UserError for anything else."""
    text = env.get(setting) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) not in allowed:
        raise UserError(f"{setting}={text}: use {words}")
    return int(text)


def choice_of(env: Mapping[str, str], setting: str, choices: tuple[str, ...]) -> str:
    """One of `choices`; the first is the default. Raises UserError for anything else."""
    value = env.get(setting) or choices[0]
    if value not in choices:
        raise UserError(f"{setting}={value}: use {' or '.join(choices)}")
    return value


def identifier_of(env: Mapping[str, str], setting: str, default: str) -> str:
    """A name of the Glue Data Catalog that every SQL engine takes unquoted. Raises UserError for another."""
    value = env.get(setting) or default
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", value):
        raise UserError(f"{setting}={value}: use lower-case letters, digits and _, at most 63, a letter first")
    return value


def needed(env: Mapping[str, str], setting: str, what_for: str) -> str:
    """A value that has to be there. Raises UserError when it is not; `what_for` completes `… needs it`."""
    value = env.get(setting)
    if not value:
        raise UserError(f"{setting} is missing: {what_for} needs it (docs/deploy-aws.md)")
    return value
