"""The insights report: one HTML page that needs nothing but itself, and every picture as a PNG file.

    with marts_of(settings) as sql:
        report = build_report(sql, settings.reports, lake)

The same marts give the same bytes: the page carries the version and the times of its data, and no clock.

Not here: queries (queries.py, ingest_stats.py), what is drawn (charts.py, word_clouds.py), the asset
reports/insights (defs/reports.py).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from socialsent_assets.domain.readers import MOODS
from socialsent_assets.insights import figure, word_clouds
from socialsent_assets.insights.charts import charts_of, coverage, number, percent, plural, signed
from socialsent_assets.insights.figure import NARROW, Chart
from socialsent_assets.insights.ingest_stats import Arrivals, read_arrivals
from socialsent_assets.insights.kpis import headlines
from socialsent_assets.insights.model_charts import model_charts
from socialsent_assets.insights.model_summaries import JudgedModel, judged_models
from socialsent_assets.insights.post_reasons import Reason, reasons_of
from socialsent_assets.insights.report_data import Facts, read_facts, read_texts
from socialsent_assets.lake.lake import Lake
from socialsent_assets.warehouse.engine import SqlEngine

PAGE = "insights.html"
PICTURES = "png"
TEXTS_READ = 200_000
"""Texts whose words are counted for the clouds; of more than these, a fixed sample."""


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        path: the page. pngs: the pictures, in the order of the page.
        headline: metric -> number (shares 0 to 1), and the version of the data.
    """

    path: Path
    pngs: tuple[Path, ...]
    headline: dict[str, float | str]


def build_report(sql: SqlEngine, folder: Path, lake: Lake | None = None, sentiment: str = "champion") -> Report:
    """Write the report on the marts into a folder, file by file, each atomically; older pictures are deleted.

    With the lake, it also shows quarantined records by reason, and the quality of the classifier.
    `sentiment`: whose answers lead the page, "champion" or "lexicon" (see `read_facts`).

    Raises:
        UserError: there is nothing to report on yet; the message names the next command.
    """
    facts = read_facts(sql, sentiment)
    arrivals = read_arrivals(lake) if lake else None
    clouds = word_clouds.distinctive_words(read_texts(sql, TEXTS_READ, facts.reader))
    models = judged_models(lake, facts.models)
    charts = charts_of(facts, arrivals.reasons if arrivals else {})
    if len(models) == 1:  # for a history of several models, tables are enough
        charts += model_charts(models[0].card)
    pictures = {f"{chart.name}.png": figure.png(chart) for chart in charts}
    pictures |= {f"words_{c.mood}.png": word_clouds.cloud_png(c) for c in clouds.values() if c.words}
    page = _page(facts, arrivals, models, charts, clouds, reasons_of(facts, lake))
    pngs = _write_pictures(folder / PICTURES, pictures)
    _replace(folder / PAGE, page.encode())
    numbers: dict[str, float | str] = {line.key: line.value for line in headlines(facts, arrivals)}
    return Report(folder / PAGE, pngs, {**numbers, "data_version": facts.version})


def _page(
    facts: Facts,
    arrivals: Arrivals | None,
    models: list[JudgedModel],
    charts: Iterable[Chart],
    clouds: dict[str, word_clouds.Cloud],
    reasons: tuple[str, Mapping[str, tuple[Reason, ...]]],
) -> str:
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_resource), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(number=number, plural=plural, signed=signed, day=_day, moment=_moment)
    return environment.get_template("report.html.j2").render(
        facts=facts,
        arrivals=arrivals,
        models=models,
        headlines=headlines(facts, arrivals),
        charts={chart.name: _drawn(chart) for chart in charts},
        clouds=[(clouds[mood], Markup(word_clouds.cloud_svg(clouds[mood]))) for mood in MOODS if clouds[mood].words],  # noqa: S704
        silent=[mood for mood in MOODS if not clouds[mood].words],
        texts_read=sum(cloud.texts for cloud in clouds.values()),
        percent=percent,
        coverage=coverage(facts).strip(),
        explained_by=reasons[0],
        reasons=reasons[1],
        style=Markup(_resource("report.css")),  # noqa: S704 - our own file
    )


def _drawn(chart: Chart) -> dict[str, Any]:
    from markupsafe import Markup

    # Text inside was escaped by matplotlib's own SVG writer; a test puts markup in a topic's name.
    wide, narrow = (Markup(figure.inline_svg(chart, width)) for width in (chart.width, NARROW))  # noqa: S704
    return {"chart": chart, "wide": wide, "narrow": narrow}


def _resource(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _day(time: Any) -> str:
    return f"{time:%d %b %Y}"


def _moment(time: Any) -> str:
    return f"{time:%d %b %Y %H:%M}"


def _write_pictures(folder: Path, pictures: dict[str, bytes]) -> tuple[Path, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.glob("*.png")) - {folder / name for name in pictures}:
        stale.unlink()
    for name, content in pictures.items():
        _replace(folder / name, content)
    return tuple(folder / name for name in pictures)


def _replace(path: Path, content: bytes) -> None:
    """A reader sees the old file or the new one.

    Unlike a lake's write, equal bytes are written too: the page's time is when it was made, and the sensor of the
    report reads it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)  # mkstemp makes it private; a report is shown to others
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
