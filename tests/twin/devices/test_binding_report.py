from telemetry_bridge.bindings import Binding, Bindings
from telemetry_bridge.points import Device, DeviceType, Registry
from twin.devices.binding_report import RowKind, make_report, pasts_of
from twin.devices.binding_rules import BindingRule
from twin.devices.guessing import Candidate, Ground

LAMP = frozenset({"IfcLightFixture"})
TAG = BindingRule("tag", "tag", confidence=0.9, bind=True)
DIFFERENCES = {
    "differences": [
        {
            "guid": "old",
            "name": "Lamp 1",
            "class": "IfcLightFixture",
            "kind": "removed",
            "storey": "s1",
            "box": [0, 0, 0, 1, 1, 1],
        },
        {"guid": "b", "name": "", "class": "IfcWall", "kind": "added", "storey": None, "box": None},
    ]
}


def registry(**guids: str | None) -> Registry:
    types = [DeviceType("lamp", ifc_class="IfcLightFixture"), DeviceType("sensor")]
    return Registry(types, [Device(name, "lamp", guid=guid) for name, guid in guids.items()])


def ground(*candidates: Candidate) -> Ground:
    return Ground(candidates, [], {})


def lamp(guid: str, tag: str = "", x: float = 0.5) -> Candidate:
    return Candidate(guid, LAMP, "", tag, "", (x, 0.5, 0.5))


def test_devices_are_told_by_why_they_deserve_a_look() -> None:
    devices = registry(bound="a", lost="old", open=None, none=None, aside=None, ruled=None)
    bindings = Bindings(devices, {"aside": None}, {"ruled": "r"})
    report = make_report(
        devices,
        bindings,
        ground(lamp("a", x=9.0), lamp("o", "open", 9.0), lamp("r", "ruled", 9.0)),
        [TAG],
        {},
        (),
    )
    assert [(row.device, row.kind) for row in report.rows] == [
        ("lost", RowKind.VANISHED),
        ("ruled", RowKind.RULED),
        ("open", RowKind.GUESSED),
        ("none", RowKind.UNBOUND),
        ("aside", RowKind.ASIDE),
    ]
    assert report.settled == 1
    assert report.rows[4].guesses == ()


def test_what_vanished_is_told_with_what_it_was_and_what_stands_in_its_place() -> None:
    devices = registry(lost="old", other="b")
    there, taken, wall = (
        lamp("new", x=0.6),
        lamp("b"),
        Candidate("w", frozenset({"IfcWall"}), "", "", "", (0.5,) * 3),
    )
    far = lamp("far", x=4.0)
    report = make_report(
        devices, Bindings(devices), ground(there, taken, wall, far), [TAG], pasts_of(DIFFERENCES), ()
    )
    (row,) = report.rows
    assert row.past is not None
    assert (row.past.name, row.past.storey, row.element) == ("Lamp 1", "s1", "old")
    assert [(each.element, each.rules) for each in row.guesses] == [("new", ("same-place",))]
    again = make_report(
        devices, Bindings(devices), ground(there, taken), [TAG], pasts_of(DIFFERENCES), [("lost", "new")]
    )
    assert again.rows[0].guesses == ()


def test_elements_with_two_devices_of_a_type_are_doubtful() -> None:
    devices = Registry(
        [DeviceType("lamp"), DeviceType("sensor")],
        [Device("a", "lamp", guid="x"), Device("b", "sensor", guid="x")]
        + [Device(name, "lamp", guid="y") for name in "cd"],
    )
    report = make_report(devices, Bindings(devices), ground(lamp("x"), lamp("y")), [], {}, ())
    assert [(each.element, each.devices, each.doubtful) for each in report.shared] == [
        ("y", ("c", "d"), True),
        ("x", ("a", "b"), False),
    ]


def test_what_a_rule_bound_is_confirmed_or_taken_back_for_good() -> None:
    devices = registry(one=None)
    first = Bindings(devices, {}, {"one": "a"})
    assert (first.element_of["one"], dict(first.ruled)) == ("a", {"one": "a"})
    confirmed = first.with_changes([Binding("one", "a")], lambda _: True)
    assert (confirmed.element_of["one"], dict(confirmed.ruled), dict(confirmed.overrides)) == (
        "a",
        {},
        {"one": "a"},
    )
    undone = first.with_changes([Binding("one", None)], lambda _: True)
    assert undone.element_of["one"] is None
    assert Bindings(devices, undone.overrides, {"one": "a"}).element_of["one"] is None


def test_the_file_and_people_come_before_rules() -> None:
    devices = registry(filed="f", said=None)
    bindings = Bindings(devices, {"said": "s"}, {"filed": "r", "said": "r", "gone": "r"})
    assert dict(bindings.element_of) == {"filed": "f", "said": "s"}
    assert dict(bindings.ruled) == {}
