"""`film.yaml`, whose points go by which policy, and when a day is due."""

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.errors import RegistryError
from tests.telemetry_bridge.builders import registry
from twin.errors import VenueError
from twin.film.cold.opening import open_keeping
from twin.film.described import describe
from twin.film.policy import DAY_MS, DEFAULT, Policies, Policy, PolicyBook, day_of, due, unused_classes
from twin.film.policy_file import load_policies, parse_policies
from twin.venue import load_venue, plain_venue

FILE = """\
default: {warm_days: 14, cold_days: 365}
policies:
  - name: meters
    classes: [Electric_Energy_Sensor]
    warm_days: 60
    cold_days: null
  - name: comfort
    classes: [CO2_Sensor, Occupancy_Count_Sensor]
    warm_days: 2.5
"""


def test_the_file_says_how_long_what_is_kept() -> None:
    found = parse_policies(FILE, 30.0)
    assert found.default == Policy(DEFAULT, 14.0, 365.0)
    assert found.find("meters") == Policy("meters", 60.0, None, frozenset({"Electric_Energy_Sensor"}))
    comfort = found.find("comfort")
    assert comfort is not None
    assert (comfort.cold_days, comfort.goes_cold) == (0.0, False)
    assert found.kept_days(with_cold=True) == np.inf
    assert found.kept_days(with_cold=False) == 60.0


@pytest.mark.parametrize("text", ["", "policies: []\n", "default: {}\n", "default: {cold_days: 0}\n"])
def test_what_is_left_out_is_as_without_the_file(text: str) -> None:
    assert parse_policies(text, 12.0) == Policies(Policy(DEFAULT, 12.0, 0.0))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("default: {warm_days: 0}", r"film.yaml:1: default.warm_days: .*greater than 0"),
        ("default: {warm_days: .inf}", "default.warm_days"),
        ("default:\n  cold_days: -1", r"film.yaml:2: default.cold_days"),
        ("default: {hot_days: 3}", "default.hot_days: Extra inputs"),
        ("policies:\n- {name: a, classes: [x]}", r"film.yaml:2: policies.0.warm_days: Field required"),
        ("policies:\n- {name: a, classes: [], warm_days: 1}", r"film.yaml:2: policies.0.classes"),
        ("policies:\n- {name: A B, classes: [x], warm_days: 1}", r"policies.0.name: .*pattern"),
        ("policies:\n- {name: default, classes: [x], warm_days: 1}", "policies.0.name: the default stands"),
        (
            "policies:\n- {name: a, classes: [x], warm_days: 1}\n- {name: a, classes: [y], warm_days: 1}",
            "the policy a is there twice",
        ),
        (
            "policies:\n- {name: a, classes: [x], warm_days: 1}\n- {name: b, classes: [x], warm_days: 1}",
            "the class x is there twice",
        ),
        ("[1]", "give 'default' and 'policies'"),
        ("default: [", "not YAML"),
    ],
)
def test_a_fault_is_named_by_its_line(text: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=fault):
        parse_policies(text, 30.0)
    (tmp_path / "venue.yaml").write_text("id: x\nname: x\ntimezone: UTC\n")
    (tmp_path / "film.yaml").write_text(text)
    with pytest.raises(VenueError, match=r"film\.yaml"):
        load_policies(load_venue(tmp_path), 30.0)


def test_points_go_by_their_class() -> None:
    devices = registry()
    named = devices.points[0].point_class
    policies = Policies(Policy(DEFAULT, 1.0), (Policy("a", 1.0, None, frozenset({named, "Nobody"})),))
    numbers = PolicyBook(policies).numbers(describe(devices))
    assert numbers.tolist() == [int(point.point_class == named) for point in devices.points]
    assert unused_classes(policies, devices) == ["a: Nobody"]


def test_what_is_asked_for_in_vain_is_said(tmp_path: Path) -> None:
    (tmp_path / "venue.yaml").write_text("id: x\nname: x\ntimezone: Asia/Shanghai\n")
    (tmp_path / "film.yaml").write_text(FILE)
    venue = load_venue(tmp_path)
    keeping, notes = open_keeping(venue, registry(), 30.0, None)
    assert keeping.days == 60.0
    assert any("no point has the class of policy" in note for note in notes)
    assert any("TWIN_FILM_COLD is not set" in note for note in notes)
    keeping, notes = open_keeping(venue, registry(), 30.0, str(tmp_path / "cold"))
    assert keeping.days == np.inf
    assert str(keeping.zone) == "Asia/Shanghai"
    keeping, notes = open_keeping(plain_venue("x"), registry(), 30.0, str(tmp_path / "cold"))
    assert keeping.days == 30.0
    assert notes == [
        "TWIN_FILM_COLD is set, and no policy of film.yaml asks for cold_days: no film goes there"
    ]


@given(
    time_ms=st.integers(-(10**12), 4 * 10**12),
    zone=st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_days_follow_each_other(time_ms: int, zone: str) -> None:
    day = day_of(time_ms, ZoneInfo(zone))
    assert day.from_ms <= time_ms < day.to_ms
    assert day_of(day.to_ms, ZoneInfo(zone)).from_ms == day.to_ms
    assert 23 <= (day.to_ms - day.from_ms) / 3_600_000 <= 25


def test_days_on_which_clocks_are_changed() -> None:
    zone = ZoneInfo("Europe/Berlin")
    lengths = [
        (day.to_ms - day.from_ms) / 3_600_000
        for day in (day_of(ms, zone) for ms in (1774756800000.0, 1792900800000.0, 1790000000000.0))
    ]
    assert lengths == [23, 25, 24]


def test_a_day_is_due_when_all_of_it_is_old_enough() -> None:
    policies = (Policy(DEFAULT, 2.0), Policy("a", 1.0))
    assert due(policies, 0.0, DAY_MS - 1) == frozenset()
    assert due(policies, 0.0, DAY_MS) == {1}
    assert due(policies, 0.0, 2 * DAY_MS) == {0, 1}


def test_the_guides_example_is_read() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "operations.md").read_text("utf-8")
    section = guide.split("## How long film is kept")[1]
    example = section.split("```yaml\n")[1].split("```")[0]
    found = parse_policies(example, 30.0)
    assert [(each.name, each.warm_days, each.cold_days) for each in found.all] == [
        (DEFAULT, 14.0, 365.0),
        ("meters", 60.0, None),
        ("people", 7.0, 0.0),
    ]
