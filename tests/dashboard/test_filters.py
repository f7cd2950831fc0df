"""An address becomes a filter, or one sentence that names its error."""

import datetime as dt

import pytest
from starlette.datastructures import QueryParams

from socialsent_assets.dashboard.filters import Filter, parse_filter
from socialsent_assets.domain.events.errors import UserError


def parsed(address: str) -> Filter:
    return parse_filter(QueryParams(address))


def test_every_filter_of_an_address_is_read():
    """Prevents a link that opens another view than the one that was sent."""
    found = parsed(
        "from=2026-11-22T03:00&to=2026-11-22T05:00%2B01:00&topic=a&topic=b&topic=a&by=model&q=Big%20NEWS&kind=post"
    )
    assert (found.start, found.end) == (
        dt.datetime.fromisoformat("2026-11-22T03:00"),
        dt.datetime.fromisoformat("2026-11-22T04:00"),
    )
    assert (found.topic, found.kind, found.basis, found.search) == (("a", "b"), ("post",), "model", ("big", "news"))


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("from=yesterday", "2026-11-22T09:00"),
        ("from=2026-11-22T05:00&to=2026-11-22T05:00", "after its start"),
        ("by=magic", "lexicon or model"),
        ("mood=angry", "positive, neutral, negative"),
        ("q=" + "x" * 201, "200 characters"),
        ("&".join(f"topic={n}" for n in range(51)), "at most 50"),
        ("topic=" + "x" * 1025, "1024"),
    ],
)
def test_what_cannot_be_meant_is_named(address, says):
    """Prevents a filter that is silently ignored, and queries without bounds."""
    with pytest.raises(UserError, match=says):
        parsed(address)


def test_values_reach_sql_as_parameters_alone():
    """Prevents a topic that is run."""
    condition, values = parsed("topic=x') or 1=1 --&q='; drop").where_texts()
    assert "drop" not in condition
    assert "1=1" not in condition
    assert values == ["x') or 1=1 --", "';", "drop"]


def test_the_span_before_ends_where_this_one_starts():
    """Prevents a comparison of spans of different length, or that overlap."""
    wanted = parsed("from=2026-11-22T03:00&to=2026-11-22T05:00&topic=a")
    before = wanted.before()
    assert before is not None
    assert (before.start, before.end, before.topic) == (
        dt.datetime.fromisoformat("2026-11-22T01:00"),
        wanted.start,
        ("a",),
    )
    assert Filter().before() is None
