"""Telemetry messages: the good samples of any message are kept, and nothing breaks the reader."""

import contextlib
import functools
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.errors import PayloadError
from telemetry_bridge.payload import (
    MAX_PAYLOAD_BYTES,
    MAX_SAMPLES,
    command_topic,
    deliver,
    parse_reports,
    telemetry_topic,
)
from telemetry_bridge.ports import Acceptance, Reading
from tests.telemetry_bridge.builders import HandClock, parse_http, registry

NAN_AND_3 = (("r1", math.nan), ("r2", 3))
TOPIC = "twin/palace/devices/r1/telemetry"


class Taker:
    """A sink that takes all."""

    def accept(self, readings: Sequence[Reading]) -> Acceptance:
        return Acceptance(len(readings))


def http(*samples: object) -> bytes:
    return json.dumps({"samples": samples}).encode()


def test_http_samples() -> None:
    batch = parse_http(
        http(
            {"device": "r1", "point": "temperature", "value": 21.5},
            {"device": "r1", "point": "mode", "value": "heat", "time": "1970-01-01T00:00:01Z"},
            {"device": "r1", "point": "mode", "value": None, "time": None, "note": "ignored"},
        )
    )
    assert batch.refused == ()
    assert batch.readings == (
        Reading("r1", "temperature", 21.5, None, 0),
        Reading("r1", "mode", "heat", 1000.0, 1),
        Reading("r1", "mode", None, None, 2),
    )


@pytest.mark.parametrize(
    ("sample", "code"),
    [
        (3, "wrong_shape"),
        (None, "wrong_shape"),
        ([], "wrong_shape"),
        ({"device": "r1", "value": 1}, "wrong_shape"),
        ({"device": 7, "point": "mode", "value": 1}, "wrong_shape"),
        ({"device": "r1", "point": "mode"}, "wrong_shape"),
        ({"device": "r1", "point": "mode", "value": 1, "time": "yesterday"}, "bad_time"),
        ({"device": "r1", "point": "mode", "value": 1, "time": 1790000000000}, "bad_time"),
    ],
)
def test_a_bad_sample_costs_only_itself(sample: object, code: str) -> None:
    good = {"device": "r1", "point": "temperature", "value": 1}
    batch = parse_http(http(good, sample, good))
    assert [reading.row for reading in batch.readings] == [0, 2]
    assert [(each.index, each.code) for each in batch.refused] == [(1, code)]


def test_nan_costs_only_its_own_sample() -> None:
    samples = [{"device": device, "point": "temperature", "value": value} for device, value in NAN_AND_3]
    body = json.dumps({"samples": samples}).encode()
    assert b"NaN" in body
    acceptance = deliver(parse_http(body), Bridge(registry(), HandClock()))
    assert acceptance.accepted == 1
    assert [(each.index, each.code) for each in acceptance.refused] == [(0, "bad_value")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"temperature=21", "not_json"),
        (b'{"samples": [', "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 5000, "not_json"),
        (b"9" * 5000 + b"]", "not_json"),
        (b"[]", "wrong_shape"),
        (b"null", "wrong_shape"),
        (b"{}", "wrong_shape"),
        (b'{"samples": {}}', "wrong_shape"),
        (b" " * (MAX_PAYLOAD_BYTES + 1), "too_large"),
        (b" " * 10_000_000, "too_large"),
        (b'{"samples": [' + b",".join([b"1"] * (MAX_SAMPLES + 1)) + b"]}", "too_large"),
    ],
)
def test_a_message_that_cannot_be_read(body: bytes, code: str) -> None:
    with pytest.raises(PayloadError) as caught:
        parse_http(body)
    assert caught.value.code == code


def test_mqtt_single_and_list() -> None:
    single = parse_reports("r1", b'{"points": {"temperature": 21, "mode": "heat"}}')
    assert single.readings == (
        Reading("r1", "temperature", 21, None, 0),
        Reading("r1", "mode", "heat", None, 1),
    )
    several = parse_reports(
        "r1",
        b'[{"time": "1970-01-01T00:00:01Z", "points": {"a": 1, "b": 2}}, 5, '
        b'{"points": {"a": 3}}, {"time": "x", "points": {"c": 0}}]',
    )
    assert several.readings == (
        Reading("r1", "a", 1, 1000.0, 0),
        Reading("r1", "b", 2, 1000.0, 1),
        Reading("r1", "a", 3, None, 3),
    )
    assert [(each.index, each.device, each.code) for each in several.refused] == [
        (2, "r1", "wrong_shape"),
        (4, "r1", "bad_time"),
    ]


def test_a_retained_report_needs_a_time() -> None:
    report = b'{"points": {"temperature": 21}}'
    assert [each.code for each in parse_reports("r1", report, retained=True).refused] == ["bad_time"]
    dated = b'{"time": "1970-01-01T00:00:01Z", "points": {"temperature": 21}}'
    assert len(parse_reports("r1", dated, retained=True).readings) == 1


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", "not_json"),
        (b"21.5", None),
        (b"\0" * (MAX_PAYLOAD_BYTES + 1), "too_large"),
    ],
)
def test_mqtt_messages_that_cannot_be_read(payload: bytes, code: str | None) -> None:
    if code is None:
        assert [each.code for each in parse_reports("r1", payload).refused] == ["wrong_shape"]
        return
    with pytest.raises(PayloadError) as caught:
        parse_reports("r1", payload)
    assert caught.value.code == code


def test_topics() -> None:
    assert telemetry_topic("palace", "r1") == TOPIC
    assert command_topic("palace", "r1") == "twin/palace/devices/r1/command"


def test_refusals_of_reader_and_bridge_come_in_the_messages_order() -> None:
    ghost = {"device": "ghost", "point": "mode", "value": 1}
    batch = parse_http(http(ghost, 5, ghost, {"device": "r1"}, ghost))
    refused = deliver(batch, Bridge(registry(), HandClock())).refused
    assert [each.index for each in refused] == [0, 1, 2, 3, 4]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["samples", "points", "device", "point", "value", "time", "r1", "temperature"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_names = st.sampled_from(["r1", "temperature", "mode", "l1", "switch", "", "\ud800", "x" * 500])
_samplelike = st.fixed_dictionaries(
    {"device": _names, "point": _names, "value": _json},
    optional={"time": st.sampled_from(["1970-01-01T00:00:01Z", "2026-09-21T14:13:20Z", "x", 5, None])},
)


@settings(max_examples=300)
@given(st.lists(_samplelike | _json, max_size=6) | _json)
def test_whatever_comes_is_accepted_or_refused_and_can_be_answered(samples: Any) -> None:
    bridge = Bridge(registry(), HandClock())
    count = len(samples) if isinstance(samples, list) else 0
    try:
        batch = parse_http(json.dumps({"samples": samples}).encode())
    except PayloadError:
        assert not isinstance(samples, list)
        return
    acceptance = deliver(batch, bridge)
    assert acceptance.accepted + len(acceptance.refused) == count
    answer = json.dumps(
        [asdict(each) for each in acceptance.refused], ensure_ascii=False, allow_nan=False
    ).encode()
    assert len(answer) < 100 + 1000 * count
    outgoing = bridge.flush()
    assert (outgoing is not None) or acceptance.accepted == 0


@given(st.binary(max_size=60))
def test_noise_never_breaks_the_reader(payload: bytes) -> None:
    for read in (parse_http, functools.partial(parse_reports, "r1")):
        with contextlib.suppress(PayloadError):
            deliver(read(payload), Taker())
