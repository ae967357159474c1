"""docs/wire.md says what the code does."""

import json
import re
import struct
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from websockets.frames import CloseCode

from telemetry_bridge import (
    columns,
    device_clocks,
    hub,
    live_connection,
    message_guard,
    payload,
    ports,
    sparkplug,
    subscriptions,
    wire,
)
from telemetry_bridge.bridge import BridgeSettings
from telemetry_bridge.errors import PayloadCode
from telemetry_bridge.live_socket import SUBPROTOCOL
from telemetry_bridge.messages import EventMessage, Filter, Hello, Refused, Subscribed
from telemetry_bridge.payload import command_topic, parse_reports, telemetry_topic
from telemetry_bridge.ports import RefusalCode
from telemetry_bridge.wire import Kind, Quality, decode_frame
from tests.telemetry_bridge import builders
from tests.telemetry_bridge.builders import parse_http
from twin.http import identity

DOC = (Path(__file__).parents[2] / "docs" / "wire.md").read_text("utf-8")


def section(title: str) -> str:
    """The text under a heading, to the next heading of any level."""
    found = re.search(rf"^#+ {title}$(.*?)(?=^#|\Z)", DOC, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found.group(1)


def rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def json_blocks(text: str) -> list[str]:
    return re.findall(r"```json\n(.*?)```", text, re.DOTALL)


def test_the_hex_example_is_the_frame_it_says() -> None:
    block = re.findall(r"```\n([0-9a-f\s]+)```", section("Frame"))
    assert len(block) == 1
    frame = decode_frame(bytes.fromhex(block[0]))
    assert (frame.kind, frame.seq, frame.time_ms) == (Kind.DELTA, 42, 1795249800250.0)
    assert frame.point_index.tolist() == [3, 7, 12]
    np.testing.assert_array_equal(frame.value, [21.5, 1.0, np.nan])
    assert frame.quality.tolist() == [Quality.GOOD, Quality.SIMULATED, Quality.BAD]


def test_the_frames_table_is_the_contracts() -> None:
    types = {"B": "u8", "H": "u16", "I": "u32", "Q": "u64", "d": "f64"}
    expected, offset = [], 0
    for name, code in wire.HEADER_FIELDS:
        expected.append([str(offset), types[code], name])
        offset += struct.calcsize(f"<{code}")
    assert offset == wire.HEADER_BYTES
    for position, (name, code) in enumerate(wire.COLUMN_FIELDS):
        expected.append([str(offset) if position == 0 else "...", f"{types[code]}[n]", name])
    table = rows(section("Frame"))
    assert [[row[0], row[1], row[2].split("`")[1]] for row in table] == expected
    qualities = re.findall(r"(\d) (\w+)", table[-1][2])
    assert qualities == [(str(int(each)), each.name.lower()) for each in Quality]


def test_every_refusal_code_is_listed() -> None:
    assert [row[0].strip("`") for row in rows(section("HTTP"))] == list(get_args(RefusalCode))
    assert set(re.findall(r"`(\w+)`", section("HTTP").rpartition("4xx")[2])) == set(get_args(PayloadCode))


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("HTTP", f"{payload.MAX_PAYLOAD_BYTES:,} bytes and {payload.MAX_SAMPLES:,} samples"),
        ("HTTP", f"at most {ports.MAX_LISTED:,} refusals"),
        ("HTTP", f"more than {BridgeSettings().max_ahead_ms / 60_000:g} minutes ahead"),
        ("HTTP", f"more than {BridgeSettings().max_age_ms / 3_600_000:g} hours old"),
        ("Values", f"over {device_clocks.SPAN_MS / 1000:g} s or more"),
        ("Values", f"right within {device_clocks.TOLERANCE_MS / 1000:g} s"),
        ("Sparkplug B", f"at most every {sparkplug.REBIRTH_EVERY_MS / 1000:g} s"),
        ("Sparkplug B", ", ".join(f"`{each}`" for each in sparkplug.RESERVED[:2])),
        ("Columns", f"{payload.MAX_PAYLOAD_BYTES:,} bytes and {columns.MAX_COLUMN_SAMPLES:,} samples"),
        ("Columns", f"at most {columns.MAX_FRAMES:,} of them"),
        ("Columns", f"`{columns.FRAME_MEDIA_TYPE}`"),
        ("MQTT", telemetry_topic("<venue>", "<device>")),
        ("MQTT", command_topic("<venue>", "<device>")),
        ("The live stream", f"subprotocol `{SUBPROTOCOL}`"),
        ("The live stream", f"lets {hub.MAX_EVENTS} of them wait is closed with {hub.CLOSE_TRY_AGAIN_LATER}"),
        ("Subscriptions", f"at most {subscriptions.MAX_FILTERS};"),
        ("Subscriptions", f"{subscriptions.MIN_RATE:g} to {subscriptions.MAX_RATE:g};"),
        ("The live stream", f"at most {message_guard.MAX_MESSAGE_BYTES:,} bytes"),
        ("The live stream", f"{message_guard.BURST:g} at once and {message_guard.MESSAGES_PER_S:g} a second"),
    ],
)
def test_limits_and_names(title: str, text: str) -> None:
    assert text in section(title)


def test_the_examples_are_read() -> None:
    assert len(parse_http(json_blocks(section("HTTP"))[0].encode()).readings) == 2
    report = json_blocks(section("MQTT"))[0].encode()
    assert len(parse_reports("d", report).readings) == 2
    document = json.loads(json_blocks(section("Columns"))[0])
    assert len(columns.ColumnReader(builders.registry()).read_json(document)) == 2
    hello, event = (json.loads(block) for block in json_blocks(section("The live stream")))
    assert set(hello) == set(Hello.__annotations__)
    assert set(event) == set(EventMessage.__annotations__)
    wish, answer, refusal = (json.loads(block) for block in json_blocks(section("Subscriptions")))
    assert subscriptions.read_wish(json.dumps(wish)) is not None
    assert set(answer) == set(Subscribed.__annotations__)
    assert set(refusal) == set(Refused.__annotations__)


def test_the_fields_of_a_filter_are_the_ones_read() -> None:
    listed = tuple(row[0].strip("`") for row in rows(section("Subscriptions")))
    assert listed == subscriptions.FIELDS == tuple(Filter.__annotations__)


def test_the_close_codes_are_the_ones_used() -> None:
    listed = {int(row[0]) for row in rows(section("The live stream"))}
    assert listed == {
        hub.CLOSE_GOING_AWAY,
        hub.CLOSE_TRY_AGAIN_LATER,
        identity.CLOSE_SIGN_IN,
        identity.CLOSE_ROLE,
        message_guard.CLOSE_POLICY,
        message_guard.CLOSE_TOO_BIG,
        live_connection.CLOSE_BAD_TEXT,
        CloseCode.PROTOCOL_ERROR,
    }
