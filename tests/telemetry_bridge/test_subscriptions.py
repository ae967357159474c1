"""What a client asks for, which points that is, and what it is told."""

import gc
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.errors import SubscriptionError
from telemetry_bridge.hub import Hub
from telemetry_bridge.live_session import MOST_FOUND, LiveDesk, LiveSession
from telemetry_bridge.ports import Reading
from telemetry_bridge.pump import Pump
from telemetry_bridge.selection import EVERYTHING, Selection
from telemetry_bridge.subscriptions import FIELDS, Directory, PointFilter, Wish, read_wish
from telemetry_bridge.wire import Indices, Kind, decode_frame
from tests.telemetry_bridge.builders import HandClock, registry

REGISTRY = registry()
# The points: l1/flag 0, l1/status 1, l1/switch 2, r1/mode 3, r1/setpoint 4, r1/temperature 5, r2/... 6 to 8.
KEYS = [point.key for point in REGISTRY.points]


class Rooms:
    """Places of the tests: a storey that holds all, and a hall that devices can be moved to."""

    def __init__(self) -> None:
        self.hall = [3, 4, 5]
        self.hall_exists = True

    def points_on_storey(self, storey: str) -> Indices | None:
        return np.arange(len(REGISTRY), dtype=np.uint32) if storey == "ground" else None

    def points_in_space(self, space: str) -> Indices | None:
        return np.array(self.hall, dtype=np.uint32) if space == "hall" and self.hall_exists else None

    def points_of_layer(self, layer: str) -> Indices | None:
        return np.array([5, 8], dtype=np.uint32) if layer == "heat" else None


def selected(selection: Selection) -> list[int]:
    every = np.arange(len(REGISTRY), dtype=np.uint32)
    return [int(each) for each in selection.within(every)]


@pytest.mark.parametrize(
    ("wanted", "points"),
    [
        (PointFilter(points=("r1/mode", "l1/flag")), [0, 3]),
        (PointFilter(classes=("Zone_Air_Temperature_Sensor",)), [5, 8]),
        (PointFilter(classes=("Mode_Status", "On_Off_Status")), [1, 2, 3, 6]),
        (PointFilter(spaces=("hall",)), [3, 4, 5]),
        (PointFilter(layers=("heat",), spaces=("hall",)), [5]),
        (PointFilter(layers=("heat",), points=("r1/mode",)), []),
        (PointFilter(points=()), []),
    ],
)
def test_a_filter_holds_what_each_field_names(wanted: PointFilter, points: list[int]) -> None:
    assert selected(Directory(REGISTRY, Rooms()).select((wanted,))) == points


def test_filters_add_up_and_everything_is_everything() -> None:
    directory = Directory(REGISTRY, Rooms())
    both = (PointFilter(points=("l1/flag",)), PointFilter(layers=("heat",)))
    assert selected(directory.select(both)) == [0, 5, 8]
    assert directory.select(()).count == 0
    assert directory.select(None) is EVERYTHING
    assert directory.select((PointFilter(storeys=("ground",)),)) is EVERYTHING


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (PointFilter(points=("r1/none",)), "there is no point 'r1/none'"),
        (PointFilter(points=("r1",)), "there is no point 'r1'"),
        (PointFilter(classes=("Nothing",)), "there is no point class 'Nothing'"),
        (PointFilter(layers=("none",)), "there is no layer 'none'"),
        (PointFilter(storeys=("attic",)), "there is no storey 'attic'"),
        (PointFilter(spaces=("x" * 500,)), f"there is no space '{'x' * 100}'"),
    ],
)
def test_names_that_nothing_has_are_named(wanted: PointFilter, message: str) -> None:
    with pytest.raises(SubscriptionError) as caught:
        Directory(REGISTRY, Rooms()).select((wanted,))
    assert str(caught.value) == message


def test_without_a_model_there_are_no_places() -> None:
    for wanted in (PointFilter(layers=("heat",)), PointFilter(storeys=("g",)), PointFilter(spaces=("s",))):
        with pytest.raises(SubscriptionError):
            Directory(REGISTRY).select((wanted,))


@given(st.sets(st.integers(0, 99)), st.lists(st.integers(0, 99)))
def test_a_selection_is_its_points(points: set[int], asked: list[int]) -> None:
    selection = Selection.of(100, sorted(points))
    found = selection.within(np.array(asked, dtype=np.uint32)).tolist()
    assert found == [each for each in asked if each in points]
    assert selection.count == len(points)
    assert (selection.id == Selection.of(100, [3]).id) == (points == {3})


def test_a_wish_is_read() -> None:
    text = json.dumps(
        {
            "type": "subscribe",
            "id": 5,
            "rate": 2,
            "select": [{"layers": ["heat"], "points": []}, {"classes": ["C"]}],
        }
    )
    filters = (PointFilter(layers=("heat",), points=()), PointFilter(classes=("C",)))
    assert read_wish(text) == Wish(filters, 2.0, 5)
    assert read_wish('{"type": "subscribe"}') == Wish()
    assert read_wish('{"type": "subscribe", "select": null, "rate": null}') == Wish()


@pytest.mark.parametrize("text", ["{}", "[]", "3", "null", '{"type": "hello"}', '{"type": 7}'])
def test_what_is_no_subscription_is_nothing_to_us(text: str) -> None:
    assert read_wish(text) is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"select": {}}, "a list of at most 64 filters"),
        ({"select": [{}] * 65}, "a list of at most 64 filters"),
        ({"select": [{}]}, "each filter is an object with some of layers, storeys"),
        ({"select": [3]}, "each filter is an object"),
        ({"select": [{"rooms": []}]}, "no field 'rooms'; there are layers"),
        ({"select": [{"points": "r1/mode"}]}, "points is a list of texts"),
        ({"select": [{"points": [3]}]}, "points is a list of texts"),
        ({"rate": 0.5}, "frames a second, 1 to 100"),
        ({"rate": 1000}, "frames a second, 1 to 100"),
        ({"rate": True}, "frames a second, 1 to 100"),
        ({"rate": "2"}, "frames a second, 1 to 100"),
        ({"selekt": []}, "subscribe has no 'selekt'"),
    ],
)
def test_what_cannot_be_read_says_why(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SubscriptionError, match=message) as caught:
        read_wish(json.dumps({"type": "subscribe", "id": 9, **fields}))
    assert caught.value.id == 9


@pytest.mark.parametrize("number", [-1, 1.5, "1", True, 2**53])
def test_an_id_is_a_whole_number(number: object) -> None:
    with pytest.raises(SubscriptionError, match="id: a whole number"):
        read_wish(json.dumps({"type": "subscribe", "id": number}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FIELDS, "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["id", "rate", "select", "x"]), JSON))
def test_anything_is_read_or_refused(fields: dict[str, Any]) -> None:
    try:
        wish = read_wish(json.dumps({"type": "subscribe", **fields}))
    except SubscriptionError:
        return
    assert isinstance(wish, Wish)
    hash(wish)


class Talk:
    """A client of a desk, without a socket."""

    def __init__(self, rooms: Rooms) -> None:
        self.bridge = Bridge(REGISTRY, HandClock())
        self.hub = Hub(len(REGISTRY), epoch=self.bridge.epoch)
        self.pump = Pump(self.bridge, self.hub)
        self.desk = LiveDesk(self.bridge, self.hub, rooms)

    def open(self, **query: str) -> LiveSession:
        return self.desk.open(query, lambda: None)

    def send(self, device: str, value: float) -> None:
        self.bridge.accept([Reading(device, "temperature", value)])
        self.pump.step()


def heard(session: LiveSession) -> list[Any]:
    """What a client is sent now: texts as objects, frames as kind and points."""
    found: list[Any] = []
    while (message := session.client.take()) is not None:
        if isinstance(message.payload, str):
            found.append(json.loads(message.payload))
        else:
            frame = decode_frame(message.payload)
            found.append((frame.kind, frame.point_index.tolist()))
    return found


def test_a_subscription_begins_with_its_answer_and_a_snapshot_of_its_points() -> None:
    talk = Talk(Rooms())
    talk.send("r1", 20)
    talk.send("r2", 21)
    session = talk.open()
    hello, everything = heard(session)
    assert (hello["selection"], hello["points"], hello["resumed"]) == ("all", 9, False)
    assert everything == (Kind.SNAPSHOT, [5, 8])
    talk.desk.hear(session, '{"type":"subscribe","id":1,"select":[{"spaces":["hall"]}]}', 0.0)
    answer, snapshot = heard(session)
    assert (answer["type"], answer["id"], answer["points"]) == ("subscribed", 1, 3)
    assert snapshot == (Kind.SNAPSHOT, [5])
    # The same points again, asked for in another way: nothing need be told anew.
    wish = '{"type":"subscribe","select":[{"points":["r1/mode","r1/setpoint","r1/temperature"]}]}'
    talk.desk.hear(session, wish, 0.0)
    (again,) = heard(session)
    assert (again["id"], again["selection"]) == (None, answer["selection"])


def test_devices_that_move_change_what_a_subscription_holds() -> None:
    rooms = Rooms()
    talk = Talk(rooms)
    talk.send("r1", 20)
    talk.send("r2", 21)
    wish = '{"type":"subscribe","id":4,"select":[{"spaces":["hall"]}]}'
    inside, all_over = talk.open(subscribe=wish), talk.open()
    assert heard(inside)[1:] == [(Kind.SNAPSHOT, [5])]
    heard(all_over)
    talk.desk.places_changed()
    assert heard(inside) == []
    rooms.hall = [6, 7, 8]
    talk.desk.places_changed()
    answer, snapshot = heard(inside)
    assert (answer["type"], answer["id"], answer["points"]) == ("subscribed", 4, 3)
    assert snapshot == (Kind.SNAPSHOT, [8])
    assert heard(all_over) == []
    rooms.hall_exists = False
    talk.desk.places_changed()
    error, none, empty = heard(inside)
    assert error == {"type": "error", "id": 4, "message": "there is no space 'hall'"}
    assert (none["points"], empty) == (0, (Kind.SNAPSHOT, []))
    rooms.hall_exists = True
    talk.desk.places_changed()
    assert heard(inside)[0]["points"] == 3


def test_who_has_left_is_not_asked_again() -> None:
    talk = Talk(Rooms())
    session = talk.open()
    talk.desk.close(session)
    talk.desk.close(session)
    talk.desk.places_changed()
    assert talk.hub.client_count == 0


@pytest.mark.parametrize("seq", ["", "x", "-1", "1e3", "٣", "9" * 30])
def test_a_place_that_is_none_brings_a_snapshot(seq: str) -> None:
    talk = Talk(Rooms())
    talk.send("r1", 20)
    hello, snapshot = heard(talk.open(epoch=talk.bridge.epoch, seq=seq))
    assert hello["resumed"] is False
    assert snapshot == (Kind.SNAPSHOT, [5])


def test_wishes_that_come_to_the_same_points_are_not_kept_without_end() -> None:
    talk = Talk(Rooms())
    session = talk.open()
    for times in range(3 * MOST_FOUND):
        points = [*KEYS[:2], *(KEYS[times >> bit & 1] for bit in range(10))]
        wish = {"type": "subscribe", "select": [{"points": points}]}
        talk.desk.hear(session, json.dumps(wish), 10.0 * times)
        heard(session)
        assert session.client.selection.count == 2
    kept = [each for each in gc.get_objects() if isinstance(each, PointFilter) and each.points]
    assert len(kept) < 2 * MOST_FOUND
