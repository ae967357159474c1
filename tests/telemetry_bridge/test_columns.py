"""Columns of samples against the same samples one by one."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.columns import MAX_COLUMN_SAMPLES, MAX_FRAMES, ColumnReader, deliver_columns
from telemetry_bridge.errors import PayloadError
from telemetry_bridge.points import Device, DeviceType, PointType, Registry, State
from telemetry_bridge.ports import MAX_LISTED, Acceptance, Reading
from telemetry_bridge.wire import Frame, Kind, Quality, encode_frame
from tests.telemetry_bridge.builders import START_MS, HandClock, registry

REGISTRY = registry()
READER = ColumnReader(REGISTRY)
KEYS = [point.key for point in REGISTRY.points]


def sent(document: dict[str, Any], bridge: Bridge | None = None) -> tuple[Acceptance, Bridge]:
    bridge = bridge or Bridge(REGISTRY, HandClock())
    return deliver_columns(READER.read_json({"columns": document}), bridge), bridge


def frame(index: list[int], value: list[float], time_ms: float, quality: int = 0) -> bytes:
    columns = (np.array(index, np.uint32), np.array(value, float), np.full(len(index), quality, np.uint8))
    return encode_frame(Frame(Kind.DELTA, 1, time_ms, *columns))


def test_devices_that_nobody_knows_are_counted_once_a_message() -> None:
    keys = ["nobody/temperature", "r1/pressure", "nobody/mode", "stranger/x", "noslash", ""]
    _, bridge = sent({"point": keys, "value": [1.0] * 6})
    assert sorted((each.name, each.fault, each.times) for each in bridge.refused.all()) == [
        ("nobody", "unknown_device", 1),
        ("noslash", "unknown_device", 1),
        ("stranger", "unknown_device", 1),
    ]
    deliver_columns(READER.read_json({"columns": {"point": keys, "value": [1.0] * 6}}), bridge, "r1")
    assert bridge.refused.total == 3, "whoever signs speaks for others, which is counted by who checks that"


_sample = st.tuples(
    st.sampled_from([*KEYS, "r1/pressure", "nobody/temperature", "noslash", ""]),
    st.one_of(st.integers(-40, 70).map(float), st.none(), st.booleans()),
    st.sampled_from([-25 * 3_600_000.0, -9e4, -1000.0, 0.0, 1000.0, 4e5]),
)


@given(st.lists(_sample, max_size=12))
def test_columns_do_what_single_samples_do(samples: list[tuple[str, Any, float]]) -> None:
    document = {
        "point": [key for key, _, _ in samples],
        "value": [value for _, value, _ in samples],
        "time_ms": [START_MS + late for _, _, late in samples],
    }
    acceptance, by_columns = sent(document)
    one_by_one = Bridge(REGISTRY, HandClock())
    refused = {
        each.index
        for each in one_by_one.accept(
            [
                Reading(
                    *key.partition("/")[::2],
                    math.nan if value is None else value,
                    START_MS + late,
                    row,
                )
                for row, (key, value, late) in enumerate(samples)
            ]
        ).refused
        if each.code != "bad_value"  # as a column's, such a sample is taken, as bad
    }
    assert [each.index for each in acceptance.refused] == sorted(refused)
    assert acceptance.accepted == len(samples) - len(refused)
    for column in ("value", "time_ms", "quality"):
        np.testing.assert_array_equal(getattr(by_columns.live, column), getattr(one_by_one.live, column))


def test_true_is_what_a_single_sample_makes_of_it() -> None:
    states = (State("on", "开", "On"), State("off", "关", "Off"))
    valve = DeviceType(
        "valve", points=(PointType("status", low=0, high=1, states=states), PointType("t", unit="degC"))
    )
    known = Registry([valve], [Device("v", "valve")])
    bridge = Bridge(known, HandClock())
    for truth, position in ((True, 0.0), (False, 1.0), (1, 1.0)):
        columns = {"point": ["v/status", "v/t"], "value": [truth, truth]}
        deliver_columns(ColumnReader(known).read_json({"columns": columns}), bridge)
        assert bridge.live.value[0] == position
        assert (bridge.live.quality[1] == Quality.BAD) == isinstance(truth, bool), "a temperature is not true"


def test_a_number_that_is_no_state_is_bad() -> None:
    acceptance, bridge = sent({"point": ["r1/mode", "r2/mode"], "value": [1.5, 2]})
    assert (acceptance.accepted, acceptance.refused) == (2, ())
    rows = [KEYS.index("r1/mode"), KEYS.index("r2/mode")]
    assert bridge.live.quality[rows].tolist() == [Quality.BAD, Quality.GOOD]


def test_points_by_number_need_the_registry() -> None:
    document = {"point_index": [0, 99, -1], "value": [1, 2, 3], "time": "2026-09-21T14:13:19Z"}
    acceptance, _ = sent({**document, "registry": REGISTRY.hash})
    assert (acceptance.accepted, [each.index for each in acceptance.refused]) == (1, [1, 2])
    for wrong in ({}, {"registry": "0" * 12}, {"registry": None}):
        with pytest.raises(PayloadError, match=REGISTRY.hash):
            READER.read_json({"columns": {**document, **wrong}})


def test_frames_one_after_the_other() -> None:
    data = frame([0, 1], [0.5, 1.0], START_MS - 1000) + frame([1, 77], [0.0, 9.0], START_MS, Quality.BAD)
    bridge = Bridge(REGISTRY, HandClock())
    acceptance = deliver_columns(READER.read_frames(data, REGISTRY.hash), bridge)
    assert (acceptance.accepted, [each.index for each in acceptance.refused]) == (3, [3])
    assert bridge.live.time_ms[:2].tolist() == [START_MS - 1000, START_MS]
    assert bridge.live.quality[1] == Quality.BAD
    assert len(READER.read_frames(b"", REGISTRY.hash)) == 0


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"no frame at all, only words", "wrong_shape"),
        (frame([0], [1.0], START_MS) + b"\x01", "wrong_shape"),
        (frame([0], [1.0], START_MS)[:-1], "wrong_shape"),
        (frame([], [], START_MS) * (MAX_FRAMES + 1), "too_large"),
    ],
)
def test_bytes_that_are_no_frames(data: bytes, code: str) -> None:
    with pytest.raises(PayloadError) as raised:
        READER.read_frames(data, REGISTRY.hash)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "value"),
        ({"value": [1]}, "point"),
        ({"point": "r1/temperature", "value": [1]}, "point"),
        ({"point": [7], "value": [1]}, "point"),
        ({"point": ["r1/mode"], "value": ["heat"]}, "value"),
        ({"point": ["r1/mode"], "value": [1, 2]}, "length"),
        ({"point": ["r1/mode"], "value": [1], "time_ms": [1, 2]}, "length"),
        ({"point": ["r1/mode"], "value": [1], "time_ms": "now"}, "time_ms"),
        ({"point": ["r1/mode"], "value": [1], "time": "yesterday"}, "RFC 3339"),
        ({"point": ["r1/mode"], "value": [1], "time": ["2026-09-21T14:13:19Z"]}, "time_ms"),
        ({"point": ["r1/mode"], "value": [1], "time": "2026-09-21T14:13:19Z", "time_ms": 1}, "both"),
        ({"point": ["r1/mode"], "value": [1], "quality": [4]}, "quality"),
        ({"point": ["r1/mode"], "value": [1], "quality": 0.5}, "quality"),
        ({"point": ["r1/mode"], "value": [1], "values": [1]}, "values"),
        ({"point": [], "value": [0] * (MAX_COLUMN_SAMPLES + 1)}, "100,000"),
        ({"point": ["r1/mode"], "value": [10**400]}, "64 bits"),
    ],
)
def test_documents_that_are_no_columns(document: dict[str, Any], words: str) -> None:
    with pytest.raises(PayloadError, match=words):
        READER.read_json({"columns": document})


@pytest.mark.parametrize("message", [None, [], {}, {"columns": []}, {"samples": []}])
def test_messages_without_columns(message: object) -> None:
    with pytest.raises(PayloadError, match="columns"):
        READER.read_json(message)


def test_of_very_many_refusals_the_first_are_named_and_all_are_counted() -> None:
    count = MAX_LISTED + 500
    acceptance, _ = sent({"point": ["ghost/x"] * count, "value": [1] * count})
    assert (acceptance.accepted, len(acceptance.refused), acceptance.refused_count) == (0, MAX_LISTED, count)
    late, _ = sent({"point": ["r1/mode"] * count, "value": [1] * count, "time_ms": 0})
    assert (late.accepted, len(late.refused), late.refused_count) == (0, MAX_LISTED, count)
    assert late.refused[0].code == "too_old"


def test_a_device_speaks_for_itself_alone() -> None:
    batch = READER.read_json({"columns": {"point": ["r1/temperature", "r2/temperature"], "value": [1, 2]}})
    own = batch.of_device(REGISTRY, "r1")
    acceptance = deliver_columns(own, Bridge(REGISTRY, HandClock()), "r1")
    assert acceptance.accepted == 1
    assert [(each.index, each.code) for each in acceptance.refused] == [(1, "wrong_device")]
