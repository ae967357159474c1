"""What goes into a route and what comes out: frozen data, no logic. Metres, Z up, local frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
XYZ: TypeAlias = tuple[float, float, float]
Language: TypeAlias = Literal["zh-CN", "en"]
PlaceKind: TypeAlias = Literal["space", "poi", "element", "position"]
LegKind: TypeAlias = Literal["walk", "stair", "ramp", "lift"]
Direction: TypeAlias = Literal[
    "straight", "slight_left", "slight_right", "left", "right", "sharp_left", "sharp_right", "back"
]
Maneuver: TypeAlias = Literal["depart", "turn", "door", "enter", "stair", "ramp", "lift", "arrive"]


@dataclass(frozen=True, slots=True)
class Label:
    """A name in the two languages of the interface."""

    zh: str
    en: str

    def text(self, language: Language) -> str:
        """The name in a language; the other one's where it has none."""
        return (self.zh or self.en) if language == "zh-CN" else (self.en or self.zh)


@dataclass(frozen=True, slots=True)
class PointOfInterest:
    """A place that people look for: in a space (by its IFC Name) or at a position."""

    id: str
    label: Label
    space_name: str | None = None
    position: XYZ | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a venue's staff knows of its elements and a model does not; all by element_index.

    `one_way`: an element that is walked from its portal's side a to b ("ab") or from b to a ("ba") alone.
    `private`: not for visitors, in no profile. `heavy`: doors that a wheelchair passes with help alone.
    `barred`: not accessible whatever its size; `accessible`: accessible whatever its size.
    """

    one_way: tuple[tuple[int, Literal["ab", "ba"]], ...] = ()
    private: frozenset[int] = frozenset()
    heavy: frozenset[int] = frozenset()
    barred: frozenset[int] = frozenset()
    accessible: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a route begins or ends. `space` is an element_index, None outside; `node` a portal's outer node.

    `position` is where one stands, on the free floor.
    """

    kind: PlaceKind
    id: str
    label: Label
    position: XYZ
    space: int | None
    node: int | None = None


@dataclass(frozen=True, slots=True)
class Object:
    """What an instruction names; `guid` None for an open passage."""

    kind: str
    guid: str | None
    label: Label


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """A part of a route on one storey, or from one to the next: `polyline` (n, 3) float64, m.

    `storey` and `to_storey` are element indices, the same for a walk, None where unknown (outside).
    """

    kind: LegKind
    storey: int | None
    to_storey: int | None
    polyline: Floats
    length_m: float
    duration_s: float
    object: Object | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: what to do at `position`, and then `distance_m` to the next one, `leg` its leg.

    `space` is the label of where one is afterwards.
    """

    maneuver: Maneuver
    direction: Direction
    position: XYZ
    distance_m: float
    duration_s: float
    leg: int
    object: Object | None
    space: Label | None
    zh: str
    en: str

    def text(self, language: Language) -> str:
        """The instruction in a language."""
        return self.zh if language == "zh-CN" else self.en


@dataclass(frozen=True, slots=True)
class Crossing:
    """A portal on the way: from and to which space (element_index, None outside)."""

    portal_index: int
    element_index: int | None
    kind: str
    from_space: int | None
    to_space: int | None
    position: XYZ


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A way from place to place. `length_m` is walked (a lift's ride adds none)."""

    start: Place
    goal: Place
    profile: str
    length_m: float
    duration_s: float
    legs: tuple[Leg, ...]
    steps: tuple[Step, ...]
    crossings: tuple[Crossing, ...]
