"""Rows for people: they fit the terminal, and nothing that was left out goes unmarked."""

import datetime as dt
from decimal import Decimal

import pytest

from socialsent_assets.cli.result_table import cell, table


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.6694278822523895, "0.6694"),
        (0.5, "0.5"),
        (-0.0, "-0.0"),
        (12345678.9, "12345678.9"),
        (0.00001234, "1.23e-05"),
        (float("nan"), "nan"),
        (Decimal("1.50"), "1.5"),
        (7, "7"),
        (True, "true"),
        (None, ""),
        (dt.datetime.fromisoformat("2026-11-22T03:00:01.5"), "2026-11-22 03:00:01"),
        ([0.123456, "é"], "[0.1235, é]"),
    ],
)
def test_a_value_as_it_is_read(value, shown):
    """Prevents sixteen digits of a share, and values that lose more than precision."""
    assert cell(value) == shown


def test_a_table_fits_the_terminal_and_marks_what_it_cut():
    """Prevents lines that wrap into each other."""
    lines = table(("topic", "text", "polarity"), ("VARCHAR", "VARCHAR", "DOUBLE"), [("tea", "long " * 50, 0.25)], 60)
    assert max(map(len, lines.splitlines())) <= 60
    assert "…" in lines
    assert "0.25" in lines
    assert "tea" in lines


def test_too_many_columns_are_shown_one_below_the_other():
    """Prevents a table in which every column is three letters wide."""
    names = [f"column_{number}" for number in range(27)]
    lines = table(names, ["VARCHAR"] * 27, [[f"value {number}" for number in range(27)]], 80)
    assert lines.startswith("── row 1")
    for number in range(27):
        assert f"column_{number} " in lines
        assert f"value {number}" in lines


def test_without_a_terminal_nothing_but_long_texts_is_cut():
    """Prevents a file or a pipe that holds half of a table."""
    lines = table(("text",), ("VARCHAR",), [("x" * 150,), ("y" * 300,)], None)
    assert "x" * 150 in lines
    assert "y" * 200 + "…" in lines
