"""What a Sparkplug B host application knows of its edge nodes. Pure: messages in, readings out.

Sparkplug 3.0.0: a node is born (NBIRTH) with the names, types and aliases of its metrics, and so are its
devices (DBIRTH); data then come by alias (NDATA, DDATA); a death (NDEATH, published by the broker; DDEATH)
makes their points bad. A gap in the sequence numbers, or data of a node that was never born, is answered by
asking for a rebirth.

A Sparkplug device is the registry's device of the same id; a node's own metrics belong to the device that is
named as the node. A metric is the point of the same name, `/` in it read as `_`, or what `points` says.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from telemetry_bridge.errors import CommandError, PayloadError
from telemetry_bridge.mqtt_codec import Message, Will
from telemetry_bridge.points import Point, Registry
from telemetry_bridge.ports import Command, Reading, clipped
from telemetry_bridge.sparkplug_payload import (
    DataType,
    Metric,
    Payload,
    decode_payload,
    encode_payload,
    signed,
)
from telemetry_bridge.wire import Quality

NAMESPACE = "spBv1.0"
KINDS = ("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH")
BIRTH_SEQUENCE = "bdSeq"
REBIRTH = "Node Control/Rebirth"
#: Metrics that steer or describe a node, and are no points.
RESERVED = (BIRTH_SEQUENCE, "Node Control/", "Device Control/", "Node Info/", "Device Info/", "Properties/")
SEQUENCE = 256
REBIRTH_EVERY_MS = 10_000.0
MAX_NODES = 10_000
#: How old a death may be reported at most: it has the time of the last sample, so that the next one is newer.
OLDEST_DEATH_MS = 3_600_000.0


class Node(NamedTuple):
    """An edge node."""

    group: str
    edge: str


class Topic(NamedTuple):
    """`spBv1.0/<group>/<kind>/<edge>[/<device>]`; `device` empty for the node itself."""

    kind: str
    node: Node
    device: str = ""

    def __str__(self) -> str:
        parts = (NAMESPACE, self.node.group, self.kind, self.node.edge, self.device)
        return "/".join(part for part in parts if part)


@dataclass(slots=True)
class _Member:
    """A node, or a device of one, since its birth."""

    names: dict[int, str] = field(default_factory=dict)
    datatypes: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    last_ms: float = 0.0


@dataclass(slots=True)
class _Life:
    """A node from its birth to its death; `members` by device, the node itself as ''."""

    seq: int
    birth_seq: object
    members: dict[str, _Member] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message meant: readings to take, and the node that must be asked for its birth."""

    readings: tuple[Reading, ...] = ()
    rebirth: Node | None = None


def topics(group: str) -> list[str]:
    """Give the filters that a host needs; `+` as the group: all of them."""
    return [f"{NAMESPACE}/{group}/{kind}/+{'/+' if kind[0] == 'D' else ''}" for kind in KINDS]


def parse_topic(text: str) -> Topic:
    """Read a topic. PayloadError: none of those above."""
    match text.split("/"):
        case [namespace, group, kind, edge] if namespace == NAMESPACE and kind in KINDS and kind[0] == "N":
            return Topic(kind, Node(group, edge))
        case [namespace, group, kind, edge, device] if (
            namespace == NAMESPACE and kind in KINDS and kind[0] == "D"
        ):
            return Topic(kind, Node(group, edge), device)
        case _:
            raise PayloadError("wrong_shape", f"{clipped(text)!r} is no topic of an edge node")


class SparkplugHost:
    """The host's side; `points` maps names of metrics to names of points where they differ."""

    def __init__(self, registry: Registry, points: Mapping[str, str] | None = None) -> None:
        self._registry = registry
        self._points = dict(points or {})
        self._lives: dict[Node, _Life] = {}
        self._asked_ms: dict[Node, float] = {}

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes that are alive."""
        return tuple(self._lives)

    def take(self, message: Message, now_ms: float) -> Heard:
        """Read a message. PayloadError: it cannot be read at all."""
        topic = parse_topic(message.topic)
        if message.retained:
            raise PayloadError("wrong_shape", "births and data are not to be retained")
        payload = decode_payload(message.payload)
        match topic.kind:
            case "NBIRTH":
                return self._node_birth(topic, payload)
            case "NDEATH":
                return self._node_death(topic, payload, now_ms)
        life = self._lives.get(topic.node)
        if life is None:
            return Heard(rebirth=self._to_ask(topic.node, now_ms))
        in_step = payload.seq == (life.seq + 1) % SEQUENCE
        life.seq = payload.seq if payload.seq is not None else life.seq
        heard, understood = self._within_life(topic, life, payload, now_ms)
        if in_step and understood:
            return Heard(heard)
        return Heard(heard, self._to_ask(topic.node, now_ms))

    def _within_life(
        self, topic: Topic, life: _Life, payload: Payload, now_ms: float
    ) -> tuple[tuple[Reading, ...], bool]:
        """Give what a living node says, and whether all of it was understood."""
        if topic.kind == "DBIRTH":
            life.members[topic.device] = _born(payload)
        elif topic.kind == "DDEATH":
            return self._bad(topic.device, life.members.pop(topic.device, None), now_ms), True
        member = life.members.get(topic.device)
        if member is None:
            return (), False
        return self._readings(topic.device or topic.node.edge, member, payload)

    def _node_birth(self, topic: Topic, payload: Payload) -> Heard:
        if topic.node not in self._lives and len(self._lives) >= MAX_NODES:
            raise PayloadError("too_large", f"more than {MAX_NODES:,} edge nodes")
        birth_seq = next((each.value for each in payload.metrics if each.name == BIRTH_SEQUENCE), None)
        member = _born(payload)
        self._lives[topic.node] = _Life(payload.seq or 0, birth_seq, {"": member})
        self._asked_ms.pop(topic.node, None)
        return Heard(self._readings(topic.node.edge, member, payload)[0])

    def _node_death(self, topic: Topic, payload: Payload, now_ms: float) -> Heard:
        life = self._lives.get(topic.node)
        of_life = next((each.value for each in payload.metrics if each.name == BIRTH_SEQUENCE), None)
        # The will of an earlier connection may come after the birth of the next one (6.4.20).
        if life is None or (of_life is not None and of_life != life.birth_seq):
            return Heard()
        del self._lives[topic.node]
        readings: list[Reading] = []
        for device, member in life.members.items():
            readings += self._bad(device or topic.node.edge, member, now_ms)
        return Heard(tuple(readings))

    def _bad(self, device: str, member: _Member | None, now_ms: float) -> tuple[Reading, ...]:
        if member is None:
            return ()
        time_ms = min(max(member.last_ms, now_ms - OLDEST_DEATH_MS), now_ms)
        names = {self._point_name(each) for each in member.datatypes}
        known = sorted(name for name in names if self._registry.find(device, name) is not None)
        return tuple(Reading(device, name, None, time_ms, quality=Quality.BAD) for name in known)

    def _readings(self, device: str, member: _Member, payload: Payload) -> tuple[tuple[Reading, ...], bool]:
        found: list[Reading] = []
        understood = True
        for row, metric in enumerate(payload.metrics):
            name = metric.name or member.names.get(-1 if metric.alias is None else metric.alias, "")
            if not name:
                understood = False
            elif not name.startswith(RESERVED):
                time_ms = payload.time_ms if metric.time_ms is None else metric.time_ms
                member.last_ms = max(member.last_ms, time_ms or 0.0)
                value = signed(metric.value, metric.datatype or member.datatypes.get(name, 0))
                found.append(Reading(device, self._point_name(name), value, time_ms, row, metric.quality))
        return tuple(found), understood

    def _point_name(self, metric: str) -> str:
        return self._points.get(metric) or metric.replace("/", "_")

    def _to_ask(self, node: Node, now_ms: float) -> Node | None:
        """Give the node, unless it was asked a moment ago."""
        asked_ms = self._asked_ms.pop(node, None)
        is_due = asked_ms is None or not 0 <= now_ms - asked_ms < REBIRTH_EVERY_MS
        self._asked_ms[node] = now_ms if is_due or asked_ms is None else asked_ms
        if len(self._asked_ms) > MAX_NODES:
            del self._asked_ms[next(iter(self._asked_ms))]
        return node if is_due else None

    def command(self, command: Command) -> Message:
        """Write a command for the node that the device belongs to.

        Raises:
            CommandError: the device has not been born, has no such metric, or its type cannot hold the value.
        """
        point = self._registry.find(command.device, command.point)
        if point is None:
            raise CommandError(f"there is no point {clipped(command.device)}/{clipped(command.point)}")
        topic, member = self._home(command.device)
        name = next((each for each in member.datatypes if self._point_name(each) == command.point), None)
        if name is None:
            raise CommandError(f"{command.device} did not say at its birth that it has {command.point}")
        try:
            metric = Metric(
                name,
                member.aliases.get(name),
                command.time_ms,
                member.datatypes[name],
                _commanded(point, command.value, member.datatypes[name]),
            )
            return Message(str(topic), encode_payload(command.time_ms, [metric]))
        except ValueError as error:
            raise CommandError(f"{point.key} cannot take this over Sparkplug: {error}") from error

    def _home(self, device: str) -> tuple[Topic, _Member]:
        for node, life in self._lives.items():
            if device in life.members:
                return Topic("DCMD", node, device), life.members[device]
            if node.edge == device:
                return Topic("NCMD", node), life.members[""]
        raise CommandError(f"no edge node has said that {device} is there; wait for its birth")

    def writes(self, device: str, point: str) -> bool:
        """Say whether some living node has this point."""
        try:
            _, member = self._home(device)
        except CommandError:
            return False
        return any(self._point_name(each) == point for each in member.datatypes)


def _born(payload: Payload) -> _Member:
    member = _Member()
    for metric in payload.metrics:
        if metric.name:
            member.datatypes[metric.name] = metric.datatype
            if metric.alias is not None:
                member.names[metric.alias] = metric.name
                member.aliases[metric.name] = metric.alias
    return member


def _commanded(point: Point, value: float, datatype: int) -> object:
    """Give the value as the metric's type wants it: a text gets the key of its state."""
    if datatype in (DataType.STRING, DataType.TEXT) and point.states:
        return point.states[int(value)].key
    return value


def rebirth_message(node: Node, now_ms: float) -> Message:
    """Write the command that asks a node for its births."""
    wish = Metric(REBIRTH, time_ms=now_ms, datatype=DataType.BOOLEAN, value=True)
    return Message(str(Topic("NCMD", node)), encode_payload(now_ms, [wish]))


def state_message(host_id: str, since_ms: float, *, online: bool) -> Message:
    """Write what tells nodes whether their primary host is there (5.13); retained."""
    body = json.dumps({"online": online, "timestamp": int(since_ms)}).encode()
    return Message(f"{NAMESPACE}/STATE/{host_id}", body, retained=True)


def state_will(host_id: str, since_ms: float) -> Will:
    """Write what the broker publishes when the host is gone."""
    message = state_message(host_id, since_ms, online=False)
    return Will(message.topic, message.payload, retain=True)
