"""The insights report as an asset: the pictures are in its metadata.

Not here: what it shows (insights/), when it is made (sensors.py: not with every minute's data).
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import dagster as dg

from socialsent_assets.defs.metadata import OWNERS
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.reports import ReportFolder
from socialsent_assets.resources.warehouse import Warehouse

READS = (
    "agg_sentiment_hourly",
    "agg_topic_sentiment_daily",
    "agg_user_engagement",
    "fct_posts",
    "fct_comments",
    "fct_interactions",
    "dim_users",
    "lake_hours",
)


@dg.asset(
    key=["reports", "insights"],
    deps=[dg.AssetKey(["marts", mart]) for mart in READS],
    group_name="reports",
    kinds={"html", "matplotlib"},
    owners=OWNERS,
    code_version="1",
    pool="warehouse",  # DuckDB has no readers while dbt writes
)
def insights(lake: LakeResource, warehouse: Warehouse, reports: ReportFolder) -> dg.MaterializeResult[None]:
    """One self-contained page: sentiment over time and by topic, most extreme posts, word clouds, data quality."""
    from socialsent_assets.insights.report import build_report

    with warehouse.asking() as sql:
        made = build_report(sql, Path(reports.path), lake.open(), reports.sentiment)
    return dg.MaterializeResult(metadata=_metadata(made.path, made.pngs, made.headline))


def _metadata(page: Path, pictures: Any, headline: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: value for name, value in headline.items() if isinstance(value, (int, float, str))}
    return {"page": dg.MetadataValue.path(str(page)), **numbers, **{Path(p).stem: _inline(Path(p)) for p in pictures}}


def _inline(picture: Path) -> dg.MetadataValue[Any]:
    data = base64.b64encode(picture.read_bytes()).decode("ascii")
    return dg.MetadataValue.md(f"![{picture.stem.replace('_', ' ')}](data:image/png;base64,{data})")
