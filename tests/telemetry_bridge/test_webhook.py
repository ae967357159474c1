"""Webhooks: proofs, replays, paths and mappings; what a message becomes."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.adapter_file import parse_adapter_file
from telemetry_bridge.adapters.webhook import WebhookAdapter
from telemetry_bridge.adapters.webhook_proof import MAX_REMEMBERED, Mark, Replays, secret_bytes
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.errors import AdapterError, AdapterFileError, CommandError, HookError
from telemetry_bridge.json_paths import parse_path
from telemetry_bridge.ports import Command
from tests.telemetry_bridge.builders import HandClock, registry

SECRET = "a secret of thirty-two letters!!"
HOOK = """
- id: cameras
  kind: webhook
  secret_env: CAM_SECRET
  each: $.events[*]
  samples:
    - device: {path: $.camera, map: {7: r1, 8: r2}}
      point: temperature
      value: $.heat
      time: $.at
      when: {path: $.type, equals: heat}
    - device: l1
      point: switch
      value: {path: $$.site.alarm, map: {true: "on", false: "off"}}
      when: {path: $.type, equals: [alarm]}
  events:
    - type: video.person_detected
      device: {path: $.camera, map: {7: r1}}
      when: {path: $.type, equals: [person, people]}
      data: {count: $.count, box: "$['the box']", by: edge}
"""
MESSAGE = {
    "site": {"alarm": True},
    "events": [
        {"type": "heat", "camera": 7, "heat": 31.5},
        {"type": "heat", "camera": 9, "heat": 31.5},
        {"type": "heat", "camera": 8},
        {"type": "alarm"},
        {"type": "person", "camera": 7, "count": 2, "the box": "a1"},
        {"type": "rain"},
    ],
}


class Clocked(Bridge):
    """A bridge on the machine's time: the webhook asks no other clock."""

    def __init__(self) -> None:
        super().__init__(registry(), HandClock(time.time() * 1000))


async def hook(text: str = HOOK, secret: str = SECRET) -> tuple[WebhookAdapter, Bridge]:
    settings: Any = parse_adapter_file(text).entries[0].settings
    adapter, bridge = WebhookAdapter(settings, {"CAM_SECRET": secret}), Clocked()
    await adapter.start(bridge)
    return adapter, bridge


def signed(
    message: object, number: str = "m1", at_s: float | None = None, secret: str = SECRET
) -> tuple[dict[str, str], bytes]:
    """Headers and body as the sender makes them, by Standard Webhooks."""
    body = json.dumps(message).encode()
    at = f"{time.time() if at_s is None else at_s:.0f}"
    proof = hmac.new(secret_bytes(secret), f"{number}.{at}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": number,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(proof).decode()}",
    }
    return headers, body


def code_of(adapter: WebhookAdapter, headers: Mapping[str, str], body: bytes) -> str:
    with pytest.raises(HookError) as caught:
        adapter.receive(headers, body)
    return caught.value.code


async def test_a_message_becomes_samples_and_events() -> None:
    adapter, bridge = await hook()
    received = adapter.receive(*signed(MESSAGE))
    assert received.acceptance.accepted == 2
    assert [(each.index, each.code) for each in received.acceptance.refused] == [
        (1, "wrong_shape"),
        (2, "wrong_shape"),
    ]
    assert "no device at $.camera" in received.acceptance.refused[0].reason
    assert "no value at $.heat" in received.acceptance.refused[1].reason
    (event,) = received.events
    assert (event.type, event.device) == ("video.person_detected", "r1")
    assert event.data == {"count": 2, "box": "a1", "by": "edge"}
    for device, point, value in (("r1", "temperature", 31.5), ("l1", "switch", 1.0)):
        found = bridge.registry.find(device, point)
        assert found is not None
        assert bridge.live.value[found.point_index] == value
    health = adapter.health()
    assert (health.connected, health.received, health.refused) == (True, 1, 2)


async def test_a_known_signature_of_the_specification() -> None:
    # standardwebhooks.com, "Signature scheme", the example of the reference libraries.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    text = b'{"test": 2432232314}'
    signature = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    made = hmac.new(secret_bytes(secret), b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + text, hashlib.sha256)
    assert base64.b64encode(made.digest()).decode() == signature


async def test_what_is_not_signed_is_refused() -> None:
    adapter, _ = await hook()
    headers, body = signed(MESSAGE)
    assert code_of(adapter, {}, body) == "unsigned"
    assert code_of(adapter, headers, body + b" ") == "unsigned"
    assert code_of(adapter, headers | {"webhook-id": "m2"}, body) == "unsigned"
    assert code_of(adapter, headers | {"webhook-timestamp": "1"}, body) == "unsigned"
    assert code_of(adapter, headers | {"webhook-signature": "v1,!!!! sha256=xy v1"}, body) == "unsigned"
    assert code_of(adapter, *signed(MESSAGE, secret="another")) == "unsigned"
    assert SECRET not in adapter.health().last_error
    # A secret that is being changed: the right signature is one of several.
    headers["webhook-signature"] = f"v1,{base64.b64encode(bytes(32)).decode()} {headers['webhook-signature']}"
    assert adapter.receive(headers, body).acceptance.accepted == 2


async def test_a_message_is_taken_once_and_while_it_is_new() -> None:
    adapter, _ = await hook()
    message = signed(MESSAGE)
    mark = adapter.receive(*message).mark
    assert code_of(adapter, *message) == "replayed"
    adapter.give_back(mark)
    adapter.receive(*message)
    now_s = time.time()
    assert code_of(adapter, *signed(MESSAGE, "m2", now_s - 400)) == "stale"
    assert code_of(adapter, *signed(MESSAGE, "m3", now_s + 400)) == "stale"
    assert code_of(adapter, *signed(MESSAGE, "m4", now_s - 60)) == "stale", (
        "it may have been taken before a restart"
    )
    assert code_of(adapter, *signed({"events": 1}, "", now_s)) == "malformed"


async def test_a_signature_over_the_body_alone_needs_id_and_time_in_it() -> None:
    more = "  signs: body\n  signature: X-Hub-Signature-256\n  message_id: $.id\n  message_time: $.sent\n"
    adapter, _ = await hook(HOOK + more)
    body = json.dumps(MESSAGE | {"id": 77, "sent": time.time() * 1000}).encode()
    proof = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": f"sha256={proof}"}
    assert adapter.receive(headers, body).acceptance.accepted == 2
    assert code_of(adapter, headers, body) == "replayed"
    with pytest.raises(AdapterFileError, match="it must be a path such as"):
        parse_adapter_file(HOOK + "  signs: body\n")


async def test_a_secret_in_the_header() -> None:
    adapter, _ = await hook(HOOK + "  auth: bearer\n")
    body = json.dumps(MESSAGE).encode()
    marks = {"webhook-id": "m1", "webhook-timestamp": f"{time.time():.3f}"}
    assert code_of(adapter, marks, body) == "unsigned"
    assert code_of(adapter, marks | {"authorization": "Bearer wrong"}, body) == "unsigned"
    assert code_of(adapter, marks | {"authorization": f"Basic {SECRET}"}, body) == "unsigned"
    good = marks | {"authorization": f"Bearer {SECRET}"}
    assert adapter.receive(good, body).acceptance.accepted == 2
    assert code_of(adapter, good, body) == "replayed"


async def test_bodies_that_cannot_be_read() -> None:
    adapter, _ = await hook(HOOK + "  auth: bearer\n")
    headers = {
        "authorization": f"Bearer {SECRET}",
        "webhook-id": "m1",
        "webhook-timestamp": f"{time.time():.0f}",
    }
    assert code_of(adapter, headers, b"{") == "malformed"
    assert code_of(adapter, headers, b" " * (1024 * 1024 + 1)) == "too_large"
    assert code_of(adapter, headers, json.dumps({"events": [1] * 1001}).encode()) == "malformed"
    received = adapter.receive(headers, b"[]")
    assert (received.acceptance.accepted, received.events) == (0, ())
    await adapter.stop()
    assert code_of(adapter, headers, b"[]") == "busy"


async def test_a_sender_that_should_have_sent_is_down() -> None:
    adapter, _ = await hook(HOOK + "  period_s: 0.001\n")
    time.sleep(0.01)
    assert not adapter.health().connected
    assert "nothing came" in adapter.health().detail
    with pytest.raises(CommandError, match="takes no commands"):
        await adapter.send(Command("c", "r1", "setpoint", 1.0, 0.0))
    assert not adapter.writes("r1", "setpoint")


def test_a_secret_must_be_one() -> None:
    settings: Any = parse_adapter_file(HOOK).entries[0].settings
    with pytest.raises(AdapterError, match="CAM_SECRET is not set"):
        WebhookAdapter(settings, {})
    with pytest.raises(AdapterError, match="base64 must follow"):
        WebhookAdapter(settings, {"CAM_SECRET": "whsec_!"})


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("type: video.person_detected", "type: alarm.raised", "events.0.type: "),
        ("value: $.heat", "value: $heat", "samples.0.value"),
        ("path: $.camera, map: {7: r1, 8: r2}", "paths: $.camera", "samples.0.device"),
        ("each: $.events[*]", "each: events", "each: 'events' is no path"),
        ("secret_env: CAM_SECRET", "secret: hello", "secret: no such setting"),
    ],
)
def test_faults_of_the_file(old: str, new: str, fault: str) -> None:
    with pytest.raises(AdapterFileError) as caught:
        parse_adapter_file(HOOK.replace(old, new, 1))
    assert fault in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.lists(st.sampled_from([".a", ".b", "[0]", "[1]", "[*]", "['c']"]), max_size=4))
def test_a_path_finds_what_a_walk_by_hand_finds(document: Any, steps: list[str]) -> None:
    expected = [document]
    for step in steps:
        if step == "[*]":
            expected = [item for each in expected if isinstance(each, list) for item in each]
        elif step in ("[0]", "[1]"):
            place = int(step[1])
            expected = [each[place] for each in expected if isinstance(each, list) and len(each) > place]
        else:
            name = step.strip(".[]'")
            expected = [each[name] for each in expected if isinstance(each, dict) and name in each]
    assert list(parse_path("$" + "".join(steps)).find(document, document)) == expected


@pytest.mark.parametrize("text", ["", "a.b", "$a", "$.", "$[", "$[-1]", "$['a]", "$.a b", "$..a"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        parse_path(text)


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.floats(-400_000, 400_000), st.floats(0, 200_000)), max_size=60
    )
)
def test_no_message_is_ever_taken_twice(sent: list[tuple[str, float, float]]) -> None:
    """The same id with the same time, as a copied message has it, whenever it comes."""
    replays = Replays(300_000.0, 0.0)
    now_ms, first = 1e9, dict[str, float]()
    taken: set[tuple[str, float]] = set()
    for number, offset_ms, step_ms in sent:
        now_ms += step_ms
        mark = Mark(number, first.setdefault(number, now_ms + offset_ms))
        try:
            replays.take(mark, now_ms)
        except HookError:
            continue
        assert (mark.id, mark.time_ms) not in taken
        taken.add((mark.id, mark.time_ms))


def test_a_flood_is_refused_and_forgotten_again() -> None:
    replays = Replays(1000.0, 0.0)
    for number in range(MAX_REMEMBERED):
        replays.take(Mark(str(number), 5000.0), 5000.0)
    with pytest.raises(HookError, match="too many"):
        replays.take(Mark("one more", 5000.0), 5000.0)
    replays.take(Mark("one more", 7500.0), 7500.0)
