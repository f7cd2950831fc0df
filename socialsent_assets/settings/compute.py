"""Engine of the jobs: `SOCIALSENT_COMPUTE`.

Not here: the settings of Glue (glue.py), what an engine does (jobs/engines/).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast, get_args

from socialsent_assets.settings.values import choice_of

ComputeName = Literal["auto", "process", "spark", "glue"]


def compute_of(env: Mapping[str, str]) -> ComputeName:
    """The value of the setting; `auto` by default. Raises UserError for no such engine."""
    return cast(ComputeName, choice_of(env, "SOCIALSENT_COMPUTE", get_args(ComputeName)))
