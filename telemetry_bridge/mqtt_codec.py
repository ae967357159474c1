"""What an MQTT client says and hears, 3.1.1 and 5: bytes in, messages out, no socket.

As much of the protocol as a subscriber with QoS 0 and 1 needs (OASIS MQTT 3.1.1 and 5.0; section numbers
below are those of 5.0). Written for bulk: the messages of one read come as one list, and are acknowledged
by one write. A general client spends five to ten times as long on each; `benchmarks/ingest.py` tells.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple

from telemetry_bridge.errors import MqttError
from telemetry_bridge.said import Said

CONNECT, CONNACK, PUBLISH, PUBACK = 0x10, 0x20, 0x30, 0x40
SUBSCRIBE, SUBACK, PINGRESP, SERVER_DISCONNECT = 0x82, 0x90, 0xD0, 0xE0
PING: Final = b"\xc0\x00"
#: Both versions may leave a reason of 0 out.
DISCONNECT: Final = b"\xe0\x00"
QOS_BITS, RETAIN_BIT = 0x06, 0x01
CLEAN_START, WILL, WILL_QOS_1, WILL_RETAIN, PASSWORD, USERNAME = 0x02, 0x04, 0x08, 0x20, 0x40, 0x80
PROPERTY_SERVER_KEEP_ALIVE, PROPERTY_REASON, PROPERTY_MAX_PACKET = 0x13, 0x1F, 0x27

#: Larger packets are passed over, not held.
MAX_PACKET_BYTES = 2 * 1024 * 1024
#: A reason code from here on is a failure (2.4).
FAILURE = 0x80
MAX_PACKET_ID = 0xFFFF

#: 3.1.1, 3.2.2.3.
REFUSALS_3 = {
    1: "it does not speak MQTT 3.1.1",
    2: "it does not take this client id",
    3: "it is not available",
    4: "wrong user name or password",
    5: "not authorized",
}
NOT_LET_IN = ("wrong user name or password", "not authorized")
#: 3.2.2.2 and 3.14.2.1, those that a person can do something about.
REASONS_5 = {
    0x81: "malformed packet",
    0x82: "protocol error",
    0x84: "it does not speak MQTT 5",
    0x85: "it does not take this client id",
    0x86: "wrong user name or password",
    0x87: "not authorized",
    0x88: "it is not available",
    0x89: "it is busy",
    0x8A: "this client is banned",
    0x8B: "it is shutting down",
    0x8D: "nothing was heard from this client for too long",
    0x8E: "another client came with the same id",
    0x93: "too many messages at once",
    0x95: "a packet was too large",
    0x97: "a quota is used up",
    0x9C: "use another server",
    0x9D: "the server has moved",
}
#: How long the value of a property is: bytes, or of which kind (2.2.2.2).
PROPERTY_LENGTHS = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
}
PROPERTY_TEXTS = {0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F}


class Version(IntEnum):
    """The protocol level of CONNECT."""

    V311 = 4
    V5 = 5


class Message(NamedTuple):
    """Something published."""

    topic: str
    payload: bytes
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained or not, when this client is gone without a word."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """As whom a client comes; `keepalive_s` in s."""

    client_id: str
    version: Version = Version.V311
    keepalive_s: int = 30
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    will: Will | None = None


class Answer(NamedTuple):
    """The broker's word on a packet of ours: SUBACK or PUBACK, with its reason codes."""

    packet_id: int
    codes: bytes


@dataclass(slots=True)
class Received:
    """What a read held: `reply` must be sent back; `welcome` is true where CONNACK was among it.

    `oversized` are the topics of messages that were passed over for their length.
    """

    messages: list[Message] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    oversized: list[str] = field(default_factory=list)
    reply: bytearray = field(default_factory=bytearray)
    welcome: bool = False


class Session:
    """One connection's protocol; made anew for each."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._has_properties = login.version is Version.V5
        self._rest = b""
        self._skip = 0
        self._packet_id = 0
        #: How often to ping, s; the broker of MQTT 5 may set it.
        self.keepalive_s = login.keepalive_s

    def connect(self) -> bytes:
        """Give the first packet (3.1)."""
        login, will = self._login, self._login.will
        flags = CLEAN_START
        payload = _text(login.client_id)
        if will is not None:
            flags |= WILL | WILL_QOS_1 | (WILL_RETAIN if will.retain else 0)
            payload += self._properties() + _text(will.topic) + _blob(will.payload)
        if login.username is not None:
            flags |= USERNAME
            payload += _text(login.username)
        if login.password is not None:
            flags |= PASSWORD
            payload += _text(login.password)
        limit = struct.pack("!BI", PROPERTY_MAX_PACKET, MAX_PACKET_BYTES)
        head = struct.pack("!H4sBBH", 4, b"MQTT", login.version, flags, login.keepalive_s)
        return _packet(CONNECT, head + self._properties(limit) + payload)

    def subscribe(self, filters: Sequence[str]) -> tuple[int, bytes]:
        """Give the packet that asks for topics, with QoS 1, and its id, which the answer repeats (3.8)."""
        packet_id = self._next_id()
        wishes = b"".join(_text(each) + b"\x01" for each in filters)
        return packet_id, _packet(SUBSCRIBE, struct.pack("!H", packet_id) + self._properties() + wishes)

    def publish(self, message: Message, qos: int = 1) -> tuple[int, bytes]:
        """Give the packet of a message, QoS 0 or 1, and its id, 0 where no answer comes (3.3)."""
        packet_id = self._next_id() if qos else 0
        numbered = struct.pack("!H", packet_id) if qos else b""
        first = PUBLISH | qos << 1 | (RETAIN_BIT if message.retained else 0)
        return packet_id, _packet(
            first, _text(message.topic) + numbered + self._properties() + message.payload
        )

    def _properties(self, properties: bytes = b"") -> bytes:
        return _varint(len(properties)) + properties if self._has_properties else b""

    def _next_id(self) -> int:
        self._packet_id = self._packet_id % MAX_PACKET_ID + 1
        return self._packet_id

    def receive(self, data: bytes) -> Received:
        """Read what came.

        Raises:
            MqttError: the broker refuses or ends the connection, or sends what is no MQTT.
        """
        received = Received()
        if self._skip:
            passed = min(self._skip, len(data))
            self._skip -= passed
            data = data[passed:]
        if self._rest:
            data = self._rest + data
        self._rest = data[self._read(data, received) :]
        return received

    def _read(self, data: bytes, received: Received) -> int:
        """Read the whole packets in `data`; gives how many bytes they are."""
        at, end = 0, len(data)
        while end - at >= 2:
            length, body = data[at + 1], at + 2
            if length > 127:
                length, body = _read_varint(data, at + 1, end)
                if length < 0:
                    break
            stop = body + length
            if length > MAX_PACKET_BYTES:
                if not self._passed_over(data, at, body, received):
                    break
                self._skip = max(0, stop - end)
                stop = min(stop, end)
            elif stop > end:
                break
            elif data[at] & 0xF0 == PUBLISH:
                self._take_publish(data[at], data, body, stop, received)
            else:
                self._take_control(data[at], data[body:stop], received)
            at = stop
        return at

    def _take_publish(self, first: int, data: bytes, at: int, stop: int, received: Received) -> None:
        if stop - at < 2:
            raise MqttError("a PUBLISH without a topic")
        body = topic_end = at + 2 + (data[at] << 8 | data[at + 1])
        if first & QOS_BITS:
            if first & QOS_BITS != 2:
                raise MqttError("a PUBLISH of QoS 2, which nobody asked for")
            received.reply += b"\x40\x02" + data[body : body + 2]
            body += 2
        if self._has_properties:
            length, body = _read_varint(data, body, stop)
            body = body + length if length >= 0 else stop + 1
        if body > stop:
            raise MqttError("a PUBLISH that is shorter than it says")
        topic = data[at + 2 : topic_end].decode("utf-8", "replace")
        received.messages.append(Message(topic, data[body:stop], bool(first & RETAIN_BIT)))

    def _passed_over(self, data: bytes, at: int, body: int, received: Received) -> bool:
        """Note a packet that is too large, and acknowledge it; false: too little of it is here to do so."""
        if data[at] & 0xF0 != PUBLISH:
            raise MqttError("a packet of the broker's own that is far too large")
        if len(data) < body + 2:
            return False
        topic_end = body + 2 + (data[body] << 8 | data[body + 1])
        if len(data) < topic_end + 2:
            return False
        if data[at] & QOS_BITS:
            received.reply += b"\x40\x02" + data[topic_end : topic_end + 2]
        received.oversized.append(data[body + 2 : topic_end].decode("utf-8", "replace"))
        return True

    def _take_control(self, first: int, body: bytes, received: Received) -> None:
        kind = first & 0xF0
        if kind == CONNACK:
            self._take_connack(body)
            received.welcome = True
        elif kind in (PUBACK, SUBACK):
            received.answers.append(self._answer(kind, body))
        elif kind == SERVER_DISCONNECT:
            said = _reason(body[0] if body else 0)
            raise MqttError(Said(f"the broker ended the connection: {said}", "broker-refused", text=said))
        elif kind != PINGRESP:
            raise MqttError(
                f"a packet of the kind 0x{first:02x}, which a broker does not send to a subscriber"
            )

    def _take_connack(self, body: bytes) -> None:
        if len(body) < 2:
            raise MqttError("a CONNACK that is too short")
        if body[1] and not self._has_properties:
            raise MqttError(_refused(REFUSALS_3.get(body[1], f"code {body[1]}")))
        properties = _read_properties(body, 2) if self._has_properties else {}
        if body[1]:
            said = properties.get(PROPERTY_REASON, b"").decode("utf-8", "replace")
            raise MqttError(_refused(_reason(body[1]), f" ({said})" if said else ""))
        if PROPERTY_SERVER_KEEP_ALIVE in properties:
            self.keepalive_s = int.from_bytes(properties[PROPERTY_SERVER_KEEP_ALIVE])

    def _answer(self, kind: int, body: bytes) -> Answer:
        if len(body) < 2:
            raise MqttError("an acknowledgement that is too short")
        at = 2
        if kind == SUBACK and self._has_properties:
            length, at = _read_varint(body, 2, len(body))
            at += length
        # Of a PUBACK, properties may follow the code (3.4.2).
        codes = body[at : at + 1] if kind == PUBACK else body[at:]
        return Answer(int.from_bytes(body[:2]), codes)


def _refused(why: str, said: str = "") -> Said:
    text = f"the broker refused: {why}{said}"
    if why in NOT_LET_IN:
        return Said(text, "broker-login")
    return Said(text, "broker-refused", text=why + said)


def _reason(code: int) -> str:
    return REASONS_5.get(code, f"reason 0x{code:02x}")


def _read_properties(data: bytes, at: int) -> dict[int, bytes]:
    """Read the properties that begin at `at` (2.2.2); of those that may come twice the last one stays."""
    length, at = _read_varint(data, at, len(data))
    stop = at + length
    if length < 0 or stop > len(data):
        raise MqttError("properties that are longer than their packet")
    found: dict[int, bytes] = {}
    while at < stop:
        kind, at = data[at], at + 1
        size = _property_size(kind, data, at, stop)
        if kind in PROPERTY_TEXTS:
            found[kind] = data[at + 2 : at + size]
        else:
            found[kind] = data[at : at + size]
        at += size
    return found


def _property_size(kind: int, data: bytes, at: int, stop: int) -> int:
    if kind in PROPERTY_LENGTHS:
        return PROPERTY_LENGTHS[kind]
    if kind in PROPERTY_TEXTS:
        return 2 + int.from_bytes(data[at : at + 2])
    if kind == 0x0B:
        return _read_varint(data, at, stop)[1] - at
    if kind == 0x26:  # a pair of texts
        first = 2 + int.from_bytes(data[at : at + 2])
        return first + 2 + int.from_bytes(data[at + first : at + first + 2])
    raise MqttError(f"an unknown property 0x{kind:02x}")


def _packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + _varint(len(body)) + body


def _text(text: str) -> bytes:
    return _blob(text.encode())


def _blob(data: bytes) -> bytes:
    if len(data) > 0xFFFF:
        raise MqttError(f"a text of {len(data):,} bytes; MQTT takes 65,535")
    return struct.pack("!H", len(data)) + data


def _varint(number: int) -> bytes:
    """Write a variable byte integer (1.5.5)."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes, at: int, stop: int) -> tuple[int, int]:
    """Give a variable byte integer and where it ends; (-1, at): it is not whole yet."""
    number = 0
    for place in range(4):
        if at + place >= stop:
            return -1, at
        byte = data[at + place]
        number |= (byte & 127) << (7 * place)
        if byte < 128:
            return number, at + place + 1
    raise MqttError("a length of more than four bytes")
