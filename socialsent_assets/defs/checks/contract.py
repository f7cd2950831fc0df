"""Checks that every table of the lake gets, generated from domain/tables.py; a failed one stops the run there.

A check gives one verdict per run, over exactly the hours of the run: a verdict per hour would cost a backfill of
a year some hundred thousand events. All checks of a tier are one step, so that they cost one start.

Not here: how they are measured (lake/quality.py), tests of the marts (dbt_project/, they appear as checks too).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from socialsent_assets.defs.partitions import hours_of_run
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import (
    BUILDS,
    CLEANSED_EVENTS,
    INTERACTIONS,
    LAKE_HOURS,
    QUARANTINE,
    SENTIMENT,
    USERS,
    Table,
)
from socialsent_assets.lake import quality
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.quality import Verdict
from socialsent_assets.ml import drift_check
from socialsent_assets.resources.lake import LakeResource

QUARANTINE_LIMIT = 0.05
_SHARES = "pos between 0 and 1 and neu between 0 and 1 and neg between 0 and 1"
_SHARES_SUM = "(abs(pos + neu + neg - 1) <= 0.002 or pos + neu + neg = 0)"  # VADER rounds each to 3 digits
_THRESHOLDS = "case when polarity >= 0.05 then 'positive' when polarity <= -0.05 then 'negative' else 'neutral' end"
_NO_SCORE = "polarity is null and pos is null and neu is null and neg is null and sentiment is null"
_NO_ANSWER = "predicted_sentiment is null and predicted_polarity is null"


def _if_scored(rule: str, otherwise: str = "true") -> str:
    return f"case when unscored_reason is null then {rule} else {otherwise} end"


@dataclass(frozen=True)
class Check:
    """One check: `measure` looks at the lake for given hours; `blocking` stops whatever depends on the table."""

    table: Table
    name: str
    promise: str
    measure: Callable[[Lake, Sequence[EventHour]], Verdict]
    blocking: bool = True

    @property
    def spec(self) -> dg.AssetCheckSpec:
        """For Dagster."""
        return dg.AssetCheckSpec(
            self.name, asset=dg.AssetKey(self.table.asset_key), description=self.promise, blocking=self.blocking
        )

    def result(self, lake: Lake, hours: Sequence[EventHour]) -> dg.AssetCheckResult:
        """Measure now."""
        verdict = self.measure(lake, hours)
        return dg.AssetCheckResult(
            asset_key=dg.AssetKey(self.table.asset_key),
            check_name=self.name,
            passed=verdict.passed,
            severity=dg.AssetCheckSeverity.ERROR if self.blocking else dg.AssetCheckSeverity.WARN,
            description=verdict.detail,
            metadata={"hours": len(hours), "span": _span(hours), **verdict.measures},
        )


def contract_checks(table: Table, job: str) -> list[Check]:
    """What holds for every table."""
    checks = [
        Check(table, "columns_are_the_contract", "Columns and types are those of domain/tables.py, in order.",
              lambda lake, hours: quality.columns_match(lake, table, hours)),
        Check(table, "required_columns_are_filled", "No null where the contract requires a value.",
              lambda lake, hours: quality.required_are_filled(lake, table, hours)),
        Check(table, "rows_as_counted", "Every hour holds the rows that its receipt counts.",
              lambda lake, hours: quality.rows_as_counted(lake, table, hours, job)),
    ]  # fmt: skip
    if table is not QUARANTINE:  # the same broken line may land twice, and both copies are kept
        checks.append(
            Check(table, "key_is_unique", f"No two rows share ({', '.join(table.key)}).",
                  lambda lake, hours: quality.keys_are_unique(lake, table, hours))
        )  # fmt: skip
    return checks


def range_check(table: Table, name: str, rule: str) -> Check:
    """Every row obeys an SQL condition."""
    return Check(
        table, name, f"In every row: {rule}.", lambda lake, hours: quality.in_range(lake, table, hours, rule)
    )


CLEANSED = [
    *(check for table in (*CLEANSED_EVENTS, QUARANTINE, BUILDS) for check in contract_checks(table, "cleanse")),
    range_check(USERS, "age_is_plausible", "age is null or age between 0 and 130"),
    range_check(INTERACTIONS, "action_is_known", "action in ('like', 'share', 'comment', 'follow')"),
    Check(QUARANTINE, "records_add_up", "Records in = accepted + duplicates + quarantined, in every hour.",
          quality.records_add_up),
    Check(QUARANTINE, "quarantine_rate", f"At most {QUARANTINE_LIMIT:.0%} of the records are quarantined.",
          lambda lake, hours: quality.quarantine_rate(lake, hours, QUARANTINE_LIMIT), blocking=False),
]  # fmt: skip

ANALYTICS = [
    *(check for table in (SENTIMENT, LAKE_HOURS) for check in contract_checks(table, "score")),
    range_check(SENTIMENT, "polarity_in_range", _if_scored("polarity between -1 and 1")),
    range_check(SENTIMENT, "shares_sum_to_one", _if_scored(f"{_SHARES} and {_SHARES_SUM}")),
    range_check(SENTIMENT, "sentiment_follows_polarity", _if_scored(f"sentiment = {_THRESHOLDS}")),
    range_check(SENTIMENT, "unscored_is_not_neutral", _if_scored("true", f"{_NO_SCORE} and {_NO_ANSWER}")),
    Check(SENTIMENT, "drift", "Labels, polarity and words are distributed as in the champion's training texts.",
          drift_check.no_drift, blocking=False),
]  # fmt: skip


def _run(
    context: dg.AssetCheckExecutionContext, lake: LakeResource, checks: list[Check]
) -> Iterator[dg.AssetCheckResult]:
    opened, hours = lake.open(), hours_of_run(context.run)
    for check in checks:
        if check.spec.key in context.selected_asset_check_keys:
            yield check.result(opened, hours)


@dg.multi_asset_check(name="check_cleansed", specs=[check.spec for check in CLEANSED], can_subset=True)
def cleansed_checks(context: dg.AssetCheckExecutionContext, lake: LakeResource) -> Iterator[dg.AssetCheckResult]:
    """All checks of the cleansed tier."""
    yield from _run(context, lake, CLEANSED)


@dg.multi_asset_check(name="check_analytics", specs=[check.spec for check in ANALYTICS], can_subset=True)
def analytics_checks(context: dg.AssetCheckExecutionContext, lake: LakeResource) -> Iterator[dg.AssetCheckResult]:
    """All checks of the analytics tier."""
    yield from _run(context, lake, ANALYTICS)


def _span(hours: Sequence[EventHour]) -> str:
    return f"{min(hours)}..{max(hours)}" if hours else "none"
