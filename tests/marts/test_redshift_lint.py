"""The SQL of the project has to run on Redshift, which no test can ask: what is known of it, looked at statically."""

from __future__ import annotations

import re

import pytest

from tests.marts.dbt_in_process import Dbt
from tests.marts.redshift_lint import complaints

# What is DuckDB's alone, behind a macro of its own.
LIST_AS_TEXT = re.compile(r"array_to_string\(hashtags, ' '\)")


def test_the_sql_of_the_project_is_not_known_to_fail_on_redshift(dbt: Dbt, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents marts that only DuckDB can build: a lint, not a proof."""
    reads_sources = {**dbt.lake.environment, "SOCIALSENT_LAKE_FILES": "none"}
    monkeypatch.setattr(type(dbt.lake), "environment", reads_sources)
    compiled = [r.node for r in dbt.invoke("compile").result if r.node.resource_type in ("model", "test")]
    assert len(compiled) > 50
    found = {node.name: complaints(LIST_AS_TEXT.sub("hashtags", node.compiled_code)) for node in compiled}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    "sql",
    [
        "select a from t qualify row_number() over (order by a) = 1",
        "select count(*) filter (where a > 1) from t",
        "select distinct on (a) b from t",
        "select avg(a) from t",
        "select array_agg(a) from t",
        "select string_agg(a, ',') from t",
        "select a[1] from t",
        "select array[1, 2] from t",
        "select a from generate_series(1, 3) as g(a)",
        "select a from unnest(b) as u(a)",
        "select cast(a as uuid) from t",
        "select a::uuid from t",
        "select cast(a as jsonb) from t",
        "select interval '1 day'",
        "select a from t, lateral (select b from u) as l",
        "select a from t where a is distinct from b",
        "select a from t except all select a from u",
        "select a from (values (1), (2)) as v(a)",
        "select 'post' as kind, a from t",
        "select null, a from t",
        "select cast(a as varchar) from t",
        "select cast(a as text) from t",
        "select replace(a, '\\', '') from t",
        "select a as tag from t",
        "select new from t",
        "select to_char(a, 'YYYY') from t",
        "insert into t values (1) returning a",
        "insert into t values (1) on conflict do nothing",
        "create index i on t (a)",
        "select try_cast(a as bigint) from t",
        "select strftime(a, '%Y') from t",
    ],
)
def test_the_lint_complains_about(sql: str) -> None:
    """Prevents a lint that is green because it looks at nothing."""
    assert complaints(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select cast('post' as varchar(1024)) as kind, sum(case when a = 'x' then 1 else 0 end) from t group by 1",
        "create table t (a bigint not null) diststyle key distkey (a) compound sortkey (a)",
        "delete from t where a in (select a from u)",
        "insert into t (a) (select a from u)",
        "create view v as (select a from t) with no schema binding",
    ],
)
def test_the_lint_is_content_with(sql: str) -> None:
    """Prevents a lint that everybody learns to ignore."""
    assert complaints(sql) == []
