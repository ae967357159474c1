"""The protocol of an MQTT client against paho, an independent one; with brokers, see `test_mqtt`."""

import contextlib
import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from telemetry_bridge.errors import MqttError
from telemetry_bridge.mqtt_codec import (
    MAX_PACKET_BYTES,
    MAX_PACKET_ID,
    Answer,
    Login,
    Message,
    Received,
    Session,
    Version,
    Will,
)

VERSIONS = [Version.V311, Version.V5]


def session(version: Version = Version.V311) -> Session:
    return Session(Login("twin", version))


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number % 128 + 128])
        number //= 128
    return out + bytes([number])


def publish(message: Message, qos: int, packet_id: int, version: Version, properties: bytes = b"\0") -> bytes:
    """As a broker writes it."""
    topic = message.topic.encode()
    body = struct.pack("!H", len(topic)) + topic + (struct.pack("!H", packet_id) if qos else b"")
    body += (properties if version is Version.V5 else b"") + message.payload
    return bytes([0x30 | qos << 1 | message.retained]) + varint(len(body)) + body


def fed(subject: Session, data: bytes, cuts: list[int]) -> Received:
    """What a session makes of bytes that come in pieces."""
    total = Received()
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, stop in itertools.pairwise(edges):
        got = subject.receive(data[start:stop])
        total.messages += got.messages
        total.answers += got.answers
        total.oversized += got.oversized
        total.reply += got.reply
    return total


_messages = st.builds(
    Message,
    st.text(min_size=1, max_size=40, alphabet=st.characters(exclude_categories=["Cs"])),
    st.binary(max_size=300),
    st.booleans(),
)


@given(
    st.lists(st.tuples(_messages, st.sampled_from([0, 1]), st.integers(1, MAX_PACKET_ID)), max_size=6),
    st.lists(st.integers(0, 3000), max_size=8),
    st.sampled_from(VERSIONS),
)
def test_messages_come_whole_however_the_bytes_are_cut(
    sent: list[tuple[Message, int, int]], cuts: list[int], version: Version
) -> None:
    got = fed(session(version), b"".join(publish(*each, version) for each in sent), cuts)
    assert got.messages == [message for message, _, _ in sent]
    acknowledged = b"".join(struct.pack("!BBH", 0x40, 2, number) for _, qos, number in sent if qos)
    assert bytes(got.reply) == acknowledged


@given(st.binary(max_size=200), st.sampled_from(VERSIONS))
def test_noise_is_waited_on_or_refused_and_nothing_else(noise: bytes, version: Version) -> None:
    with contextlib.suppress(MqttError):
        session(version).receive(noise)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_we_publish_is_read_back(version: Version) -> None:
    subject = session(version)
    message = Message("a/b", b"x" * 200, True)
    packet_id, packet = subject.publish(message)
    assert packet == publish(message, 1, packet_id, version)
    assert subject.publish(message, qos=0) == (0, publish(message, 0, 0, version))


def test_packet_ids_go_round_and_are_never_zero() -> None:
    subject = session()
    ids = [subject.publish(Message("t", b""))[0] for _ in range(MAX_PACKET_ID + 1)]
    assert (ids[0], ids[-2], ids[-1]) == (1, MAX_PACKET_ID, 1)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_message_that_is_too_large_is_passed_over_and_acknowledged(version: Version) -> None:
    large = publish(Message("big", b"x" * (MAX_PACKET_BYTES + 1)), 1, 7, version)
    after = publish(Message("small", b"1"), 0, 0, version)
    for cuts in ([], [3], [8, 9], [100, MAX_PACKET_BYTES]):
        got = fed(session(version), large + after, cuts)
        assert (got.oversized, [each.topic for each in got.messages]) == (["big"], ["small"])
        assert bytes(got.reply) == b"\x40\x02\x00\x07"


def test_properties_of_mqtt_5_as_paho_writes_them() -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = 30
    properties.UserProperty = [("a", "b"), ("cc", "dd" * 80)]
    properties.SubscriptionIdentifier = 1000
    message = Message("t", b"payload")
    data = publish(message, 0, 0, Version.V5, properties.pack())  # type: ignore[no-untyped-call]
    assert session(Version.V5).receive(data).messages == [message]

    welcome = Properties(PacketTypes.CONNACK)  # type: ignore[no-untyped-call]
    welcome.ServerKeepAlive = 17
    welcome.AssignedClientIdentifier = "you"
    welcome.UserProperty = [("k", "v")]
    welcome.MaximumPacketSize = 100_000
    body = b"\0\0" + welcome.pack()  # type: ignore[no-untyped-call]
    subject = session(Version.V5)
    assert subject.receive(b"\x20" + varint(len(body)) + body).welcome
    assert subject.keepalive_s == 17


def test_answers() -> None:
    assert session().receive(b"\x90\x04\x00\x05\x01\x80").answers == [Answer(5, b"\x01\x80")]
    assert session(Version.V5).receive(b"\x90\x05\x00\x05\x00\x01\x87").answers == [Answer(5, b"\x01\x87")]
    assert session().receive(b"\x40\x02\x01\x00\xd0\x00").answers == [Answer(256, b"")]
    assert session(Version.V5).receive(b"\x40\x04\x00\x01\x87\x00").answers == [Answer(1, b"\x87")]


@pytest.mark.parametrize(
    ("version", "data", "words"),
    [
        (Version.V311, b"\x20\x02\x00\x05", "not authorized"),
        (Version.V311, b"\x20\x02\x00\x04", "user name or password"),
        (Version.V5, b"\x20\x03\x00\x86\x00", "user name or password"),
        (Version.V5, b"\x20\x09\x00\x87\x06\x1f\x00\x03why", "not authorized .why."),
        (Version.V311, b"\x20\x02\x00\x63", "code 99"),
        (Version.V5, b"\xe0\x01\x8e", "same id"),
        (Version.V5, b"\xe0\x00", "ended"),
        (Version.V5, b"\x20\x05\x00\x00\x02\x7f\x00", "unknown property"),
        (Version.V5, b"\x20\x04\x00\x00\x05\x13", "longer than their packet"),
        (Version.V311, b"\x34\x05\x00\x01t\x00\x01", "QoS 2"),
        (Version.V311, b"\x30\x04\x00\x09ab", "shorter than it says"),
        (Version.V311, b"\x30\x01\x00", "without a topic"),
        (Version.V311, b"\x30\xff\xff\xff\xff\x01", "four bytes"),
        (Version.V311, b"\x10\x00", "0x10"),
        (Version.V311, b"\x20\xff\xff\xff\x7f", "far too large"),
    ],
)
def test_what_a_broker_may_refuse_or_must_not_send(version: Version, data: bytes, words: str) -> None:
    with pytest.raises(MqttError, match=words):
        session(version).receive(data)


def test_a_will_and_names_too_long() -> None:
    login = Login("c", Version.V5, username="u", password="p", will=Will("w", b"gone", retain=True))
    packet = Session(login).connect()
    assert packet[0] == 0x10
    assert packet.endswith(b"\x00\x01c\x00\x00\x01w\x00\x04gone\x00\x01u\x00\x01p")
    with pytest.raises(MqttError, match="65,535"):
        session().publish(Message("t" * 70_000, b""))
    assert "'p'" not in repr(login)
