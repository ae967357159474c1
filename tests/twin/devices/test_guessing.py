import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.points import Device, DeviceType, Label
from twin.devices.binding_rules import BindingRule
from twin.devices.guessing import (
    MOST_CONFIDENCE,
    MOST_GUESSES,
    Candidate,
    Ground,
    Guess,
    Room,
    Task,
    filled,
    guess_bindings,
    natural,
    plain,
    ranked,
    sure_bindings,
)

LAMP = frozenset({"IfcLightFixture"})
TYPES = {"lamp": DeviceType("lamp", ifc_class="IfcLightFixture"), "any": DeviceType("any")}
TAG = BindingRule("tag", "tag", confidence=0.9, bind=True)
NAME = BindingRule("name", "name", confidence=0.8)
IN_ROOM = BindingRule(
    "room", "nearest", space="{room}", pattern=re.compile(r"^(?P<room>R\d+)-"), confidence=0.6, bind=True
)
PLACED = BindingRule("placed", "nearest", position="{x},{y},{z}", within_m=4.0, confidence=0.9, bind=True)


def lamp(guid: str, x: float = 0.0, *, tag: str = "", name: str = "", space: str = "") -> Candidate:
    return Candidate(guid, LAMP, name, tag, space, (x, 0.0, 0.0))


def device(name: str, kind: str = "lamp", **attributes: str) -> Device:
    return Device(name, kind, Label("灯", "Lamp"), attributes=attributes)


def guesses(
    devices: list[Device],
    candidates: list[Candidate],
    *rules: BindingRule,
    rooms: list[Room] | None = None,
    taken: frozenset[str] = frozenset(),
    rejected: frozenset[tuple[str, str]] = frozenset(),
    values: dict[tuple[str, str], dict[str, str]] | None = None,
) -> dict[str, tuple[Guess, ...]]:
    ground = Ground(candidates, rooms or [], values or {})
    return guess_bindings(Task(devices, TYPES, taken, rejected), ground, rules)


@pytest.mark.parametrize("text", ["L2-LUM-0131", "l2.lum.131", "L2 LUM 131", "L2_LUM_00131", "l2lum131"])
def test_spellings_of_one_number_are_the_same(text: str) -> None:
    assert plain(text) == "l-2-lum-131"


@given(st.text())
def test_a_plain_text_is_plain_already(text: str) -> None:
    assert plain(plain(text)) == plain(text)


def test_an_element_of_the_same_tag_is_found_beyond_doubt() -> None:
    found = guesses([device("L-01")], [lamp("a", tag="l.1"), lamp("b", tag="L-02")], TAG)
    assert found == {"L-01": (Guess("a", 0.9, ("tag",), "L-01", None, True),)}
    assert sure_bindings(found, [TAG]) == {"L-01": "a"}


def test_doubt_lowers_the_confidence() -> None:
    twins = guesses([device("L-01")], [lamp("a", tag="L-01"), lamp("b", tag="L-01")], TAG)["L-01"]
    assert [(each.confidence, each.sure) for each in twins] == [(0.45, False)] * 2
    (taken,) = guesses([device("L-01")], [lamp("a", tag="L-01")], TAG, taken=frozenset({"a"}))["L-01"]
    assert (taken.confidence, taken.sure) == (0.45, False)
    wall = Candidate("w", frozenset({"IfcWall"}), "", "L-01")
    (other,) = guesses([device("L-01")], [wall], TAG)["L-01"]
    assert (other.confidence, other.sure) == (0.45, False)
    (free,) = guesses([device("L-01", "any")], [wall], TAG)["L-01"]
    assert free.confidence == 0.9


def test_a_class_that_the_rule_names_is_required() -> None:
    wall = Candidate("w", frozenset({"IfcWall"}), "", "L-01")
    rule = BindingRule("t", "tag", classes=("IfcLightFixture",))
    assert guesses([device("L-01")], [wall], rule) == {}


def test_rules_that_agree_strengthen_each_other_but_are_never_certain() -> None:
    (found,) = guesses([device("L-01")], [lamp("a", tag="L-01", name="L 1")], TAG, NAME)["L-01"]
    assert found.confidence == pytest.approx(0.98)
    assert found.rules == ("tag", "name")
    assert (
        ranked([Guess("a", 0.9, ("x",), ""), Guess("a", 0.95, ("y",), "")])[0].confidence == MOST_CONFIDENCE
    )


def test_a_property_is_compared_in_plain_form() -> None:
    rule = BindingRule("asset", "property", key="{asset}", properties=(("COBie", "BarCode"), ("Id", "Mark")))
    values = {("COBie", "BarCode"): {"a": "A 0042"}, ("Id", "Mark"): {"b": "7", "gone": "A-42"}}
    found = guesses(
        [device("L-01", asset="a42"), device("L-02")], [lamp("a"), lamp("b")], rule, values=values
    )
    assert {name: [each.element for each in each_found] for name, each_found in found.items()} == {
        "L-01": ["a"]
    }


def test_what_a_person_rejected_is_not_guessed_again() -> None:
    candidates = [lamp("a", tag="L-01"), lamp("b", tag="L-01")]
    found = guesses([device("L-01")], candidates, TAG, rejected=frozenset({("L-01", "a")}))
    assert [each.element for each in found["L-01"]] == ["b"]


def test_the_free_lamps_of_the_room_that_the_id_names_are_shared_out_in_order() -> None:
    rooms = [Room("r1", ("R1", "Hall")), Room("r2", ("R2",))]
    candidates = [lamp("b", name="Lamp 10", space="r1"), lamp("a", name="Lamp 9", space="r1")]
    candidates += [lamp("c", space="r2"), lamp("d", name="Lamp 1", space="r1")]
    devices = [device("R1-10"), device("R1-2"), device("R3-1"), device("other")]
    found = guesses(devices, candidates, IN_ROOM, rooms=rooms, taken=frozenset({"d"}))
    assert {name: each[0].element for name, each in found.items()} == {"R1-2": "a", "R1-10": "b"}
    assert found["R1-2"][0].confidence == pytest.approx(0.3)
    assert not found["R1-2"][0].sure


def test_the_only_free_lamp_of_a_room_is_its_only_devices() -> None:
    found = guesses([device("R2-1")], [lamp("c", space="r2")], IN_ROOM, rooms=[Room("r2", ("R2",))])
    assert sure_bindings(found, [IN_ROOM]) == {"R2-1": "c"}


def test_a_room_that_two_have_the_name_of_says_nothing() -> None:
    rooms = [Room("r1", ("R1",)), Room("r2", ("R1",))]
    assert guesses([device("R1-1")], [lamp("a", space="r1")], IN_ROOM, rooms=rooms) == {}


def test_positions_give_the_nearest_and_each_element_to_one_device() -> None:
    devices = [device("near", x="0.1", y="0", z="0"), device("far", x="1.0", y="0", z="0"), device("none")]
    found = guesses(devices, [lamp("a", 0.0), lamp("b", 3.0)], PLACED)
    assert (found["near"][0].element, found["near"][0].sure) == ("a", True)
    assert found["near"][0].distance_m == pytest.approx(0.1)
    assert sure_bindings(found, [PLACED]) == {"near": "a"}
    assert {each.element for each in found["far"]} == {"a", "b"}
    assert all(not each.sure for each in found["far"])
    assert "none" not in found


def test_what_is_beyond_reach_is_no_guess() -> None:
    assert guesses([device("L", x="10", y="0", z="0")], [lamp("a")], PLACED) == {}
    assert guesses([device("L", x="nan", y="0", z="0")], [lamp("a")], PLACED) == {}


def test_an_element_that_two_devices_claim_is_bound_to_neither() -> None:
    candidates = [lamp("a", tag="L-01")]
    found = guesses([device("L-01"), device("L-1")], candidates, TAG)
    assert len(found) == 2
    assert sure_bindings(found, [TAG]) == {}


def test_a_rule_that_does_not_bind_only_guesses() -> None:
    found = guesses([device("L-01")], [lamp("a", name="L-01")], NAME)
    assert found["L-01"][0].sure
    assert sure_bindings(found, [NAME]) == {}


def test_templates_are_filled_or_empty() -> None:
    one = device("R1-7", asset="A1")
    assert filled(IN_ROOM, "{room}/{asset}/{type}/{name_en}", one) == "R1/A1/lamp/Lamp"
    assert filled(IN_ROOM, "{missing}", one) == ""
    assert filled(TAG, "{room}", one) == ""


def test_numbers_are_ordered_as_people_do() -> None:
    names = sorted(["LUM-10", "LUM-9", "LUM-1"], key=natural)
    assert names == ["LUM-1", "LUM-9", "LUM-10"]


_IDS = st.text("LR12-", min_size=1, max_size=5)


@given(
    st.lists(_IDS, unique=True, max_size=8),
    st.lists(st.tuples(_IDS, st.floats(-5, 5), st.sampled_from(["r1", ""])), max_size=12),
    st.data(),
)
def test_guesses_are_few_ordered_distinct_and_probabilities(
    names: list[str], lamps: list[tuple[str, float, str]], data: st.DataObject
) -> None:
    candidates = [lamp(f"g{i}", x, tag=tag, name=tag, space=space) for i, (tag, x, space) in enumerate(lamps)]
    taken = frozenset(
        data.draw(st.sets(st.sampled_from([each.guid for each in candidates]))) if lamps else ()
    )
    devices = [device(name, x=str(place), y="0", z="0") for place, name in enumerate(names)]
    rules = [TAG, NAME, IN_ROOM, PLACED]
    found = guesses(devices, candidates, *rules, rooms=[Room("r1", ("R1",))], taken=taken)
    for each in found.values():
        assert len({guess.element for guess in each}) == len(each) <= MOST_GUESSES
        assert [guess.confidence for guess in each] == sorted((g.confidence for g in each), reverse=True)
        assert all(0 < guess.confidence <= 1 for guess in each)
    bound = sure_bindings(found, rules)
    assert len(set(bound.values())) == len(bound)
    assert not set(bound.values()) & taken
