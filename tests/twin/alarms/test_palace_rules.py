"""The demo venue's rules fit its devices."""

from collections import Counter
from pathlib import Path

import pytest

from telemetry_bridge.points import Registry
from telemetry_bridge.registry import load_registry
from twin.alarms.model import Check, Match, Place, Priority, Rule
from twin.alarms.rules_file import load_rules
from twin.alarms.table import make_table, matching

PALACE = Path(__file__).parents[3] / "assets" / "palace" / "venue"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(PALACE / "device_types.yaml", PALACE / "devices.csv")


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    return load_rules(PALACE)


def in_a_hall(_: str) -> Place:
    return Place(space_function="badminton_hall")


def in_a_server_room(_: str) -> Place:
    return Place(space_function="server_room")


def test_every_rule_watches_something(rules: tuple[Rule, ...], registry: Registry) -> None:
    assert len(rules) >= 25
    _, faults, notes = make_table(rules, registry, in_a_hall)
    assert faults == []
    elsewhere = {"server_room_hot", "technical_room_hot"}
    assert notes == [f"rules.yaml: rule '{rule}' matches no point" for rule in sorted(elsewhere)]
    table, _, _ = make_table(rules, registry, in_a_server_room)
    assert table.points_of_rule["server_room_hot"] > 100


def test_every_rule_speaks_both_languages(rules: tuple[Rule, ...]) -> None:
    for rule in rules:
        assert rule.name.zh != rule.name.en
        assert rule.message.zh != rule.message.en


def test_few_rules_are_critical_and_nothing_is_said_twice(
    rules: tuple[Rule, ...], registry: Registry
) -> None:
    """EEMUA 191: priorities go from few to many; one fault raises one alarm."""
    counts = Counter(rule.priority for rule in rules)
    assert counts[Priority.CRITICAL] < counts[Priority.HIGH]
    table, _, _ = make_table(rules, registry, in_a_hall)
    states = Counter(
        (row.point.point_index, state)
        for row in table.rows
        if row.rule.condition.check is Check.STATE
        for state in row.rule.condition.states
    )
    assert [key for key, count in states.items() if count > 1] == []


def test_patterns_and_functions_choose_points(registry: Registry) -> None:
    lamps = matching(Match(device_type=("luminaire_*",), point=("status",)), registry, in_a_hall)
    assert {registry.devices[point.device].type for point in lamps} == {
        "luminaire_highbay",
        "luminaire_linear",
        "luminaire_downlight",
        "luminaire_stage",
    }
    halls = Match(point_class=("CO2_Level_Sensor",), space_function=("*_hall",))
    assert len(matching(halls, registry, in_a_hall)) > 100
    assert matching(halls, registry, in_a_server_room) == []
    one = matching(Match(device=("B1-AHU-0001",), point=("stat?s",)), registry, in_a_hall)
    assert [point.key for point in one] == ["B1-AHU-0001/status"]
