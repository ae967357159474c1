"""Stretches become instructions: where the way turns, which doors it takes, what it climbs and rides."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from navigation import phrases
from navigation.model import XYZ, Crossing, Direction, Floats, Label, Maneuver, Object, Place, Step
from navigation.naming import Names
from navigation.stretches import Stretch
from spatial.model import Portal

STRAIGHT_DEG = 28.0  # what bends less is felt as straight on
SLIGHT_DEG = 50.0
SHARP_DEG = 130.0
BACK_DEG = 165.0
MERGE_TURNS_M = 2.5  # two bends no farther apart are one turn
TURN_AT_DOOR_M = 2.5  # and a bend no farther behind a door belongs to it
LANDING_M = 6.0
LONG_ROOM_M = 6.0  # a room crossed on less is not worth an instruction of its own
Phrase = Callable[[float], tuple[str, str]]
"""The text of an instruction, given the metres to the next one."""


@dataclass(frozen=True, slots=True)
class _Event:
    """Something to be told, at `at_m` from the begin of its stretch; `turn_deg` left is positive."""

    at_m: float
    position: XYZ
    turn_deg: float = 0.0
    crossing: Crossing | None = None


def direction_of(turn_deg: float) -> Direction:
    """A turn in words; left is positive."""
    size = abs(turn_deg)
    if size < STRAIGHT_DEG:
        return "straight"
    if size >= BACK_DEG:
        return "back"
    left = turn_deg > 0
    if size < SLIGHT_DEG:
        return "slight_left" if left else "slight_right"
    if size >= SHARP_DEG:
        return "sharp_left" if left else "sharp_right"
    return "left" if left else "right"


class Guide:
    """Tells the ways of one building. `cabins`: lifts' cabins, whose doors go without saying."""

    def __init__(self, names: Names, portals: dict[int, Portal], cabins: Collection[int]) -> None:
        self._names = names
        self._portals = portals
        self._cabins = frozenset(cabins)

    def steps(self, stretches: Sequence[Stretch], start: Place, goal: Place) -> tuple[Step, ...]:
        """The instructions of a way; their distances add up to its length."""
        drafts = [_draft(0, 0.0, start.position, "depart", lambda d: phrases.depart(start.label, d))]
        told = -1
        for leg, stretch in enumerate(stretches):
            before = stretches[leg - 1] if leg else None
            if leg <= told:
                continue
            if stretch.kind == "walk":
                drafts += self._walk(leg, stretch, before)
            else:
                told = _last_of_climb(stretches, leg)
                drafts.append(self._flight(leg, stretches[leg : told + 1], stretches[told + 1 : told + 2]))
        end = len(stretches) - 1
        last = stretches[-1].length_m if stretches else 0.0
        drafts.append(
            _draft(max(end, 0), last, goal.position, "arrive", lambda _: phrases.arrive(goal.label))
        )
        return _written(drafts, stretches)

    def _walk(self, leg: int, stretch: Stretch, before: Stretch | None) -> list[_Draft]:
        events = _merged(_turns(stretch.points), self._told(stretch))
        if before is not None and before.kind != "walk" and events:
            first = events[0]
            if first.crossing is None and first.at_m < TURN_AT_DOOR_M:
                events = events[1:]
        return [draft for event in events if (draft := self._event(leg, stretch, event)) is not None]

    def _told(self, stretch: Stretch) -> list[tuple[float, Crossing]]:
        """The portals of a walk but those of lifts' cabins."""
        return [
            (at_m, crossing)
            for at_m, crossing in stretch.crossings
            if not {crossing.from_space, crossing.to_space} & self._cabins
        ]

    def _event(self, leg: int, stretch: Stretch, event: _Event) -> _Draft | None:
        direction = direction_of(event.turn_deg)
        crossing = event.crossing
        if crossing is None:
            space = self._space_at(stretch, event.at_m)
            return _draft(
                leg, event.at_m, event.position, "turn",
                lambda d: phrases.turn(space, direction, d), direction, None, space,
            )  # fmt: skip
        entered = self._names.space(crossing.to_space)
        portal = self._portals[crossing.portal_index]
        named = self._names.portal(portal, crossing.to_space)
        if crossing.kind == "door":
            owner = self._names.owner(portal, crossing.to_space)
            leaving = owner == crossing.from_space
            return _draft(
                leg, event.at_m, event.position, "door",
                lambda d: phrases.door(named.label, entered, leaving, direction, d), direction, named,
                entered,
            )  # fmt: skip
        if direction == "straight" and not self._worth_telling(stretch, event):
            return None
        return _draft(
            leg, event.at_m, event.position, "enter",
            lambda d: phrases.enter(entered, direction, d), direction, named, entered,
        )  # fmt: skip

    def _worth_telling(self, stretch: Stretch, event: _Event) -> bool:
        """Whether one stays long enough in the room behind an open passage."""
        later = [at_m for at_m, _ in stretch.crossings if at_m > event.at_m]
        return min([*later, stretch.length_m]) - event.at_m >= LONG_ROOM_M

    def _space_at(self, stretch: Stretch, at_m: float) -> Label:
        passed = [crossing.to_space for where, crossing in stretch.crossings if where <= at_m + 1e-6]
        if passed:
            return self._names.space(passed[-1])
        if stretch.crossings:
            return self._names.space(stretch.crossings[0][1].from_space)
        return self._names.storey(stretch.storey)

    def _flight(self, leg: int, climb: Sequence[Stretch], following: Sequence[Stretch]) -> _Draft:
        """A lift, a ramp or a stair; of a stair all flights one after another."""
        stretch, last = climb[0], climb[-1]
        told = sum(each.length_m for each in climb)
        assert stretch.object is not None  # a flight has a portal and so a name
        name, storey = stretch.object.label, self._names.storey(last.to_storey)
        position = _xyz(stretch.points[0])
        if stretch.kind == "lift":
            return _draft(
                leg, 0.0, position, "lift", lambda d: phrases.ride(name, storey, d),
                "straight", stretch.object, storey,
            )  # fmt: skip
        up = bool(last.points[-1, 2] >= stretch.points[0, 2])
        direction = direction_of(_turn_between(last, following))
        return _draft(
            leg, 0.0, position, "stair" if stretch.kind == "stair" else "ramp",
            lambda d: phrases.climb(name, storey, up, direction, max(d - told, 0.0)),
            direction, stretch.object, storey,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Draft:
    """A step before the distance to the next one is known."""

    at_m: float
    step: Step
    phrase: Phrase


def _draft(
    leg: int,
    at_m: float,
    position: XYZ,
    maneuver: Maneuver,
    phrase: Phrase,
    direction: Direction = "straight",
    named: Object | None = None,
    space: Label | None = None,
) -> _Draft:
    return _Draft(at_m, Step(maneuver, direction, position, 0.0, 0.0, leg, named, space, "", ""), phrase)


def _written(drafts: Sequence[_Draft], stretches: Sequence[Stretch]) -> tuple[Step, ...]:
    """The drafts with distances, times and texts."""
    begins = np.concatenate([[0.0], np.cumsum([stretch.length_m for stretch in stretches])])
    times = np.concatenate([[0.0], np.cumsum([stretch.duration_s for stretch in stretches])])
    marks = [float(begins[draft.step.leg] + draft.at_m) for draft in drafts]
    clocks = [_clock(draft, stretches, times) for draft in drafts]
    done = []
    for draft, (here, there), (now, then) in zip(
        drafts, pairwise([*marks, marks[-1]]), pairwise([*clocks, clocks[-1]]), strict=True
    ):
        distance = max(there - here, 0.0)
        zh, en = draft.phrase(distance)
        done.append(replace(draft.step, distance_m=distance, duration_s=max(then - now, 0.0), zh=zh, en=en))
    return tuple(done)


def _clock(draft: _Draft, stretches: Sequence[Stretch], times: Floats) -> float:
    """When one is at a draft's place, s from the start."""
    if not stretches:
        return 0.0
    stretch = stretches[draft.step.leg]
    part = draft.at_m / stretch.length_m if stretch.length_m > 0 else 1.0 if draft.at_m else 0.0
    if draft.step.maneuver == "arrive":
        part = 1.0
    return float(times[draft.step.leg] + part * stretch.duration_s)


def _turns(points: Floats) -> list[_Event]:
    """The bends of a polyline, those close together as one."""
    flat = np.diff(points[:, :2], axis=0)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    found: list[_Event] = []
    for place in range(1, len(points) - 1):
        event = _Event(float(along[place]), _xyz(points[place]), _angle(flat[place - 1], flat[place]))
        if found and event.at_m - found[-1].at_m < MERGE_TURNS_M:
            found[-1] = replace(found[-1], turn_deg=_wrapped(found[-1].turn_deg + event.turn_deg))
        else:
            found.append(event)
    return [event for event in found if direction_of(event.turn_deg) != "straight"]


def _merged(turns: Sequence[_Event], crossings: Sequence[tuple[float, Crossing]]) -> list[_Event]:
    """Turns and portals in their order; a turn just behind a portal, or in it, is told with it."""
    events = [_Event(at_m, crossing.position, 0.0, crossing) for at_m, crossing in crossings]
    alone: list[_Event] = []
    for turn in turns:
        behind = [
            number
            for number, event in enumerate(events)
            if -1.0 <= turn.at_m - event.at_m <= TURN_AT_DOOR_M and event.turn_deg == 0.0
        ]
        if behind:
            number = min(behind, key=lambda each: abs(events[each].at_m - turn.at_m))
            events[number] = replace(events[number], turn_deg=turn.turn_deg)
        else:
            alone.append(turn)
    return sorted([*events, *alone], key=lambda event: event.at_m)


def _last_of_climb(stretches: Sequence[Stretch], leg: int) -> int:
    """The last flight of a stair that goes on from landing to landing."""
    while leg + 2 < len(stretches) and _goes_on(*stretches[leg : leg + 3]):
        leg += 2
    return leg


def _goes_on(here: Stretch, landing: Stretch, onward: Stretch) -> bool:
    """Whether one stays on a stair: the same name, the same sense, a landing between."""
    if here.object is None or onward.object is None or not here.kind == onward.kind == "stair":
        return False
    level = landing.kind == "walk" and not landing.crossings and landing.length_m <= LANDING_M
    rises = [each.points[-1, 2] - each.points[0, 2] for each in (here, onward)]
    return level and here.object.label == onward.object.label and bool(rises[0] * rises[1] > 0)


def _turn_between(stretch: Stretch, following: Sequence[Stretch]) -> float:
    """How far one turns behind a flight, degrees."""
    if not following or following[0].kind != "walk" or len(stretch.points) < 2:
        return 0.0
    return _angle(
        stretch.points[-1, :2] - stretch.points[-2, :2],
        following[0].points[1, :2] - following[0].points[0, :2],
    )


def _angle(first: Floats, second: Floats) -> float:
    """From one heading to the next, degrees, left positive; 0 where one of them is none."""
    if not first.any() or not second.any():
        return 0.0
    cross = first[0] * second[1] - first[1] * second[0]
    return math.degrees(math.atan2(cross, first @ second))


def _wrapped(degrees: float) -> float:
    return (degrees + 180.0) % 360.0 - 180.0


def _xyz(point: Floats) -> XYZ:
    return (float(point[0]), float(point[1]), float(point[2]))
