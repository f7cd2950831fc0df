"""The marts' columns as the dbt project describes them, for whatever shows them: the same files that build them.

Not here: QuickSight (stacks/dashboards.py).
"""

from __future__ import annotations

from pathlib import Path

import yaml

from infra.deployment import ROOT

MARTS = ROOT / "dbt_project" / "models" / "marts"


def mart_columns(mart: str, folder: Path = MARTS) -> dict[str, str]:
    """Column -> data type in dbt's words, like `bigint` or `varchar(1024)`, in the mart's order.

    Raises:
        KeyError: no model of that name is described.
    """
    described = yaml.safe_load((folder / f"{mart}.yml").read_text(encoding="utf-8"))
    models = {model["name"]: model for model in described["models"]}
    return {column["name"]: column["data_type"] for column in models[mart]["columns"]}
