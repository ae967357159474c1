"""What a value's colour is, and that the legend tells the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.notebook.colours import COLOUR_MAPS, GREY, MOST_CATEGORIES, NOTHING, OTHERS, by_value, rgb

ALL = np.ones(40, dtype=np.bool_)
indices = st.integers(0, 39)


@given(st.dictionaries(indices, st.floats(-1e6, 1e6), min_size=2), st.sampled_from(sorted(COLOUR_MAPS)))
def test_numbers_run_along_the_map(values: dict[int, float], name: str) -> None:
    made = by_value(values, 40, "t", ALL, name)
    stops = COLOUR_MAPS[name]
    assert made.legend.scale == (min(values.values()), max(values.values()), stops)
    assert sorted(np.flatnonzero(made.known).tolist()) == sorted(values)
    if min(values.values()) < max(values.values()):
        lowest, highest = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
        assert np.allclose(made.colours[lowest], rgb(stops[0]))
        assert np.allclose(made.colours[highest], rgb(stops[-1]))
    assert np.allclose(made.colours[~made.known], GREY)
    assert ((made.colours >= 0) & (made.colours <= 1)).all()


@given(st.dictionaries(indices, st.sampled_from([f"kind {i}" for i in range(15)])))
def test_the_legend_counts_every_element_once(values: dict[int, str]) -> None:
    made = by_value(values, 40, "t", ALL)
    assert sum(entry.count for entry in made.legend.entries) == 40
    labels = [entry.label for entry in made.legend.entries]
    assert len(labels) == len(set(labels))
    assert len(labels) <= MOST_CATEGORIES + 1
    colour_of = {entry.label: rgb(entry.colour) for entry in made.legend.entries}
    for index, text in values.items():
        assert np.allclose(made.colours[index], colour_of.get(text) or colour_of[OTHERS])


def test_frequent_kinds_come_first_and_the_rest_together() -> None:
    values = {i: f"kind {i if i < 14 else 0}" for i in range(40)}
    entries = by_value(values, 40, "t", ALL).legend.entries
    assert (entries[0].label, entries[0].count) == ("kind 0", 27)
    assert (entries[-1].label, entries[-1].count) == (OTHERS, 5)


@pytest.mark.parametrize("nothing", [None, "", float("nan"), np.nan])
def test_what_says_nothing_is_grey(nothing: Any) -> None:
    made = by_value({0: nothing, 1: 5.0, 2: 7}, 40, "t", ALL)
    assert not made.known[0]
    assert made.legend.entries[0].label == NOTHING
    assert made.legend.entries[0].count == 38


def test_truth_values_are_kinds_and_lists_are_written_out() -> None:
    assert {e.label for e in by_value({0: True, 1: False}, 40, "t", ALL).legend.entries} == {
        "True",
        "False",
        NOTHING,
    }
    assert by_value({0: ["a", "b"]}, 40, "t", ALL).legend.entries[0].label == "a, b"


def test_a_single_number_and_infinity_do_not_break_the_map() -> None:
    one = by_value({3: 5}, 40, "t", ALL)
    assert one.legend.scale is not None
    assert one.legend.scale[:2] == (5, 5)
    made = by_value({0: float("inf"), 1: 1.0, 2: 2.0}, 40, "t", ALL)
    assert np.allclose(made.colours[0], made.colours[2])
