"""Which element a device may belong to, by rules: guesses with their confidence. Pure.

The confidence of a guess is its rule's, and less where there is doubt: shared out among elements with the
same text, halved where another device is bound there or where the class is another than the device's type
wants, and for `nearest` falling with the distance and with how near the next one is. Several rules that guess
the same element strengthen each other: 1 - (1 - a)(1 - b), never certain.
"""

import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from telemetry_bridge.points import Device, DeviceType
from twin.devices.binding_rules import BindingRule

MOST_GUESSES = 5
LEAST_CONFIDENCE = 0.02
MOST_CONFIDENCE = 0.99
DOUBT = 0.5
#: Of so many elements with one text the text says nothing.
MOST_ALIKE = 20
#: So many elements around a device are looked at.
NEIGHBOURS = 8
#: Nearer than this share of a rule's reach there is no doubt.
SURE_SHARE = 0.1
PARTS = re.compile(r"\d+|[^\W\d_]+")

Position = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An element that a device may stand for; `classes` its class and that of its type, `centre` in m."""

    guid: str
    classes: frozenset[str]
    name: str
    tag: str
    space: str = ""
    """The guid of the space that it is in, or is."""
    centre: Position | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """A space by the texts that people call it by."""

    guid: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guess:
    """An element that a device may belong to. `rules` found it, the strongest first; `text` is what matched.

    `sure`: the first rule found it beyond doubt.
    """

    element: str
    confidence: float
    rules: tuple[str, ...]
    text: str
    distance_m: float | None = None
    sure: bool = False


@dataclass(frozen=True)
class Ground:
    """What is guessed from: elements, spaces, and the values of properties by (set, name) and guid."""

    candidates: Sequence[Candidate]
    rooms: Sequence[Room]
    values: Mapping[tuple[str, str], Mapping[str, str]]

    @cached_property
    def by_guid(self) -> Mapping[str, Candidate]:
        """The elements by guid."""
        return {each.guid: each for each in self.candidates}

    @cached_property
    def by_tag(self) -> Mapping[str, tuple[Candidate, ...]]:
        """The elements by the plain form of their tag."""
        return _grouped((plain(each.tag), each) for each in self.candidates)

    @cached_property
    def by_name(self) -> Mapping[str, tuple[Candidate, ...]]:
        """The elements by the plain form of their name."""
        return _grouped((plain(each.name), each) for each in self.candidates)

    @cached_property
    def by_space(self) -> Mapping[str, tuple[Candidate, ...]]:
        """The elements by the guid of the space that they are in."""
        return _grouped((each.space, each) for each in self.candidates)

    @cached_property
    def rooms_by_text(self) -> Mapping[str, tuple[Room, ...]]:
        """The spaces by the plain form of each of their texts."""
        found = defaultdict[str, dict[str, Room]](dict)
        for room in self.rooms:
            for text in room.texts:
                found[plain(text)][room.guid] = room
        return {text: tuple(rooms.values()) for text, rooms in found.items() if text}

    def with_value(self, places: Iterable[tuple[str, str]], text: str) -> tuple[Candidate, ...]:
        """The elements of which one of some properties is a text, in plain form."""
        found: dict[str, Candidate] = {}
        for place in places:
            for guid in self._guids_by_value.get(place, {}).get(text, ()):
                if guid in self.by_guid:
                    found[guid] = self.by_guid[guid]
        return tuple(found.values())

    @cached_property
    def _guids_by_value(self) -> Mapping[tuple[str, str], Mapping[str, list[str]]]:
        return {
            place: _guids_by_text((plain(value), guid) for guid, value in values.items())
            for place, values in self.values.items()
        }


def plain(text: str) -> str:
    """A text as it is compared: letters without case, numbers without leading zeros, no other signs.

    `L2-LUM-0131`, `l2.lum.131` and `L2 LUM 131` are the same.
    """
    parts = (part.lstrip("0") or "0" for part in PARTS.findall(text.casefold()))
    return "-".join(parts)


def _grouped(pairs: Iterable[tuple[str, Candidate]]) -> Mapping[str, tuple[Candidate, ...]]:
    found = defaultdict[str, list[Candidate]](list)
    for text, candidate in pairs:
        if text:
            found[text].append(candidate)
    return {text: tuple(candidates) for text, candidates in found.items()}


def _guids_by_text(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for text, guid in pairs:
        if text:
            found[text].append(guid)
    return found


@dataclass(frozen=True)
class Task:
    """What is to be guessed: the devices, what binds others, and what a person said is wrong.

    `taken`: guids that other devices are bound to; `rejected`: pairs of device and guid.
    """

    devices: Sequence[Device]
    types: Mapping[str, DeviceType]
    taken: frozenset[str] = frozenset()
    rejected: frozenset[tuple[str, str]] = frozenset()


def guess_bindings(task: Task, ground: Ground, rules: Sequence[BindingRule]) -> dict[str, tuple[Guess, ...]]:
    """The guesses for each device, the likeliest first, a few at most; devices without are absent."""
    found = defaultdict[str, list[Guess]](list)
    for rule in rules:
        wanted = [device for device in task.devices if applies(rule, device)]
        find = _nearest if rule.by == "nearest" else _by_text
        for device, guess in find(rule, wanted, task, ground):
            if (device, guess.element) not in task.rejected and guess.confidence >= LEAST_CONFIDENCE:
                found[device].append(guess)
    return {device: ranked(guesses) for device, guesses in found.items()}


def sure_bindings(guesses: Mapping[str, Sequence[Guess]], binding: Iterable[BindingRule]) -> dict[str, str]:
    """The devices that rules with `bind` bind without asking: found beyond doubt, and by one device alone."""
    binds = {rule.id for rule in binding if rule.bind}
    sure = {
        device: found[0].element
        for device, found in guesses.items()
        if found and found[0].sure and found[0].rules[0] in binds
    }
    claims = Counter(sure.values())
    return {device: element for device, element in sure.items() if claims[element] == 1}


def ranked(guesses: Iterable[Guess]) -> tuple[Guess, ...]:
    """One guess an element, of all that found it, the likeliest first."""
    by_element = defaultdict[str, list[Guess]](list)
    for guess in guesses:
        by_element[guess.element].append(guess)
    merged = [_merged(found) for found in by_element.values()]
    return tuple(sorted(merged, key=lambda each: (-each.confidence, each.element))[:MOST_GUESSES])


def _merged(guesses: Sequence[Guess]) -> Guess:
    best = sorted(guesses, key=lambda each: (not each.sure, -each.confidence))
    together = 1.0 - math.prod(1.0 - each.confidence for each in best)
    confidence = min(together if len(best) > 1 else best[0].confidence, MOST_CONFIDENCE)
    rules = tuple(dict.fromkeys(rule for each in best for rule in each.rules))
    distance = next((each.distance_m for each in best if each.distance_m is not None), None)
    return Guess(best[0].element, confidence, rules, best[0].text, distance, best[0].sure)


def applies(rule: BindingRule, device: Device) -> bool:
    """Whether a rule is about a device."""
    return (
        _fits(device.id, rule.devices)
        and _fits(device.type, rule.types)
        and (rule.pattern is None or rule.pattern.search(device.id) is not None)
    )


def _fits(text: str, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(text, glob) for glob in globs)


def filled(rule: BindingRule, template: str, device: Device) -> str:
    """A template with the device's texts; '' where it names one that the device does not have."""
    match = rule.pattern.search(device.id) if rule.pattern else None
    texts = {
        **device.attributes,
        "device": device.id,
        "tag": device.tag,
        "type": device.type,
        "name_zh": device.label.zh,
        "name_en": device.label.en,
        **{name: text or "" for name, text in (match.groupdict() if match else {}).items()},
    }
    names = re.findall(r"(?<!\{)\{([^{}]+)\}", template)
    if any(not texts.get(name) for name in names):
        return ""
    return re.sub(r"(?<!\{)\{([^{}]+)\}", lambda found: texts[found[1]], template)


def _classes(rule: BindingRule, device: Device, task: Task) -> frozenset[str]:
    """The classes that an element of the device should have; none: any."""
    if rule.classes:
        return frozenset(rule.classes)
    known = task.types.get(device.type)
    return frozenset([known.ifc_class] if known is not None and known.ifc_class else [])


def _by_text(
    rule: BindingRule, devices: Sequence[Device], task: Task, ground: Ground
) -> Iterator[tuple[str, Guess]]:
    """Elements whose tag, name or property is the key."""
    for device in devices:
        text = filled(rule, rule.key, device)
        alike = _with_text(rule, plain(text), ground) if text else ()
        classes = _classes(rule, device, task)
        if rule.classes:
            alike = tuple(each for each in alike if each.classes & classes)
        if not 0 < len(alike) <= MOST_ALIKE:
            continue
        for each in alike:
            confidence = rule.confidence / len(alike)
            confidence *= DOUBT if each.guid in task.taken else 1.0
            confidence *= DOUBT if classes and not each.classes & classes else 1.0
            sure = confidence == rule.confidence
            yield device.id, Guess(each.guid, confidence, (rule.id,), text, None, sure)


def _with_text(rule: BindingRule, text: str, ground: Ground) -> tuple[Candidate, ...]:
    if not text:
        return ()
    if rule.by == "property":
        return ground.with_value(rule.properties, text)
    return (ground.by_tag if rule.by == "tag" else ground.by_name).get(text, ())


def _nearest(
    rule: BindingRule, devices: Sequence[Device], task: Task, ground: Ground
) -> Iterator[tuple[str, Guess]]:
    """Free elements in the space that the device names, shared out among the devices that name it."""
    groups = defaultdict[tuple[Room | None, frozenset[str]], list[Device]](list)
    for device in devices:
        room = _room(rule, device, ground)
        if room is not None or not rule.space:
            groups[room, _classes(rule, device, task)].append(device)
    for (room, classes), group in groups.items():
        within = ground.candidates if room is None else ground.by_space.get(room.guid, ())
        free = [
            each
            for each in within
            if each.guid not in task.taken
            and each.centre is not None
            and (not classes or each.classes & classes)
            and (room is None or each.guid != room.guid or "IfcSpace" in classes)
        ]
        if free:
            yield from _shared_out(rule, group, free, room)


def _room(rule: BindingRule, device: Device, ground: Ground) -> Room | None:
    """The one space that a device names; None: none, or more than one."""
    text = filled(rule, rule.space, device) if rule.space else ""
    rooms = ground.rooms_by_text.get(plain(text), ()) if text else ()
    return rooms[0] if len(rooms) == 1 else None


def _shared_out(
    rule: BindingRule, devices: Sequence[Device], free: Sequence[Candidate], room: Room | None
) -> Iterator[tuple[str, Guess]]:
    text = room.texts[0] if room else ""
    placed = [(device, place) for device in devices if (place := position_of(rule, device)) is not None]
    if placed:
        yield from _by_distance(rule, placed, free, text)
    if room is not None:
        known = {device.id for device, _ in placed}
        unplaced = sorted((each.id for each in devices if each.id not in known), key=natural)
        in_order = sorted(free, key=lambda each: (natural(each.name), each.guid))
        for row, device in enumerate(unplaced):
            confidence = rule.confidence / len(free)
            sure = len(free) == len(unplaced) == 1
            for step in range(min(len(free), MOST_GUESSES)):
                each = in_order[(row + step) % len(in_order)]
                yield device, Guess(each.guid, confidence * 0.9**step, (rule.id,), text, None, sure)


def _by_distance(
    rule: BindingRule, placed: Sequence[tuple[Device, Position]], free: Sequence[Candidate], text: str
) -> Iterator[tuple[str, Guess]]:
    """Each device's nearest ones; an element that several want is for the one that is nearest to it."""
    tree = cKDTree(np.array([each.centre for each in free], dtype=np.float64))
    distances, columns = tree.query(
        np.array([place for _, place in placed], dtype=np.float64), k=min(NEIGHBOURS, len(free))
    )
    distances = np.asarray(distances, dtype=np.float64).reshape(len(placed), -1)
    columns = np.asarray(columns, dtype=np.intp).reshape(len(placed), -1)
    given = _given(distances, columns)
    for row, (device, _) in enumerate(placed):
        for place, column in enumerate(columns[row].tolist()):
            distance = float(distances[row, place])
            others = np.delete(distances[row], place)
            confidence = _closeness(rule, distance, float(others.min()) if len(others) else math.inf)
            confidence *= 1.0 if given.get(row) == column else DOUBT
            sure = given.get(row) == column and distance <= SURE_SHARE * rule.within_m
            yield device.id, Guess(free[column].guid, confidence, (rule.id,), text, distance, sure)


def _given(distances: NDArray[np.float64], columns: NDArray[np.intp]) -> dict[int, int]:
    """The column that each row gets, both once: the shortest distances of all choose first."""
    given: dict[int, int] = {}
    used: set[int] = set()
    for flat in np.argsort(distances, axis=None, kind="stable").tolist():
        row, place = divmod(flat, distances.shape[1])
        column = int(columns[row, place])
        if row not in given and column not in used:
            given[row] = column
            used.add(column)
    return given


def _closeness(rule: BindingRule, distance_m: float, next_m: float) -> float:
    """The confidence in the nearest element: none beyond `within_m`, half where the next is as near."""
    if distance_m >= rule.within_m:
        return 0.0
    near = 1.0 - distance_m / rule.within_m
    alone = 1.0 if next_m == math.inf else 1.0 - DOUBT * min(1.0, distance_m / max(next_m, 1e-9))
    return rule.confidence * near * alone


def position_of(rule: BindingRule, device: Device) -> Position | None:
    """Where a device says that it is, m; None: it does not say."""
    text = filled(rule, rule.position, device) if rule.position else ""
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (x, y, z) if all(map(math.isfinite, (x, y, z))) else None


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """The order of people: `LUM-9` before `LUM-10`; numbers before words."""
    parts = (part.lstrip("0") if part.isdecimal() else part for part in PARTS.findall(text.casefold()))
    return tuple((len(part) if not part or part.isdecimal() else sys.maxsize, part) for part in parts)
