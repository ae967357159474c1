"""The front of navigation: a package's graph, built once, and the ways over it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from navigation.compiled import Compiled, EdgeTable, Links, compile_profile, edge_table
from navigation.errors import NoRouteError
from navigation.graph import NavGraph
from navigation.guidance import Guide
from navigation.model import Floats, Leg, Overlay, Place, PointOfInterest, Route
from navigation.naming import Names
from navigation.places import PlaceFinder
from navigation.profiles import Profile, profile_named
from navigation.reasons import Explainer
from navigation.site import read_graph, room_kinds
from navigation.stretches import Stretch, Stretcher
from navigation.visibility import visible_from
from spatial.package import ModelPackage

NO_OVERLAY = Overlay()
LARGEST_CABIN_M2 = 12.0


@dataclass(frozen=True, slots=True)
class Evacuation:
    """Every room's way out: rooms (element_index) to s and m to the nearest exit; `stuck` have none."""

    seconds: dict[int, float]
    stuck: tuple[int, ...]


class Navigator:
    """Ways through one revision of one building; threads may share it.

    Attributes: `built`, the graph (a networkx one in `built.graph`); `places`, which finds places by name.
    """

    def __init__(
        self, package: ModelPackage, built: NavGraph, pois: Iterable[PointOfInterest], overlay: Overlay
    ) -> None:
        self.built = built
        self.overlay = overlay
        self.space_by_index = package.space_by_index
        self.places = PlaceFinder(package, built, {poi.id: poi for poi in pois})
        self.kinds = room_kinds(package)
        self.names = Names(package, self.kinds)
        self._table: EdgeTable = edge_table(built)
        self._xyz: Floats = built.xyz()
        self._stretcher = Stretcher(built, self.names)
        self._guide = Guide(self.names, dict(built.portals), _cabins(package, built))
        self._explainer = Explainer(built, self.names, overlay)
        self._compiled: dict[Profile, Compiled] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(
        cls, package: ModelPackage, pois: Iterable[PointOfInterest] = (), overlay: Overlay = NO_OVERLAY
    ) -> Self:
        """Build the graph of a package."""
        return cls(package, read_graph(package, overlay), pois, overlay)

    def find(self, text: str) -> Place:
        """The place that a text names: a room's guid, number or name, a point of interest, an element, x,y,z.

        Raises PlaceError, AmbiguousPlaceError.
        """
        return self.places.find(text)

    def compiled(self, profile: Profile) -> Compiled:
        """The graph compiled for a profile."""
        with self._lock:
            if profile not in self._compiled:
                self._compiled[profile] = compile_profile(self._table, profile, self.overlay)
            return self._compiled[profile]

    def route(
        self,
        start: str | Place,
        goal: str | Place,
        profile: str | Profile = "walk",
        closed: Collection[int] = (),
    ) -> Route:
        """The way from place to place.

        profile: `walk`, `step_free` or one of your own; closed: elements (doors, stairs, lifts;
        element_index) that are shut now. Raises PlaceError, ProfileError, and NoRouteError with the reason.
        """
        begin = self.find(start) if isinstance(start, str) else start
        end = self.find(goal) if isinstance(goal, str) else goal
        who = profile if isinstance(profile, Profile) else profile_named(profile)
        nodes = self._nodes(begin, end, self.compiled(who), closed)
        stretches = self._stretcher.stretch(begin, end, nodes, who, self.overlay.heavy)
        return self._route(begin, end, who, stretches)

    def _nodes(self, start: Place, goal: Place, compiled: Compiled, closed: Collection[int]) -> list[int]:
        """The nodes of the quickest way; none where one walks straight there."""
        if self._direct(start, goal):
            return []
        links = self.links(start, compiled.profile), self.links(goal, compiled.profile)
        for place, linked in zip((start, goal), links, strict=True):
            if not len(linked.nodes):
                raise _unreachable(place)
        found = compiled.path(*links, compiled.closed(closed))
        if found is None:
            raise self._explainer.explain(start, goal, links, compiled, closed)
        return found[0]

    def _direct(self, start: Place, goal: Place) -> bool:
        if start.space is None or start.space != goal.space:
            return False
        ends = np.array([start.position, goal.position])[:, :2]
        return bool(self.built.rooms[start.space].free.sees(ends[:1], ends[1:])[0])

    def links(self, place: Place, profile: Profile) -> Links:
        """The nodes that are seen from a place."""
        if place.node is not None:
            return Links(np.array([place.node]), np.zeros(1))
        if place.space is None:
            return Links(np.empty(0, dtype=np.int64), np.empty(0))
        nodes = np.array(self.built.nodes_of(place.space), dtype=np.int64)
        spot = place.position[:2]
        rows = visible_from(self.built.rooms[place.space].free, spot, self._xyz[nodes][:, :2])
        lengths = np.linalg.norm(self._xyz[nodes[rows]][:, :2] - spot, axis=1)
        return Links(nodes[rows], lengths / profile.walk_m_s)

    def _route(self, start: Place, goal: Place, profile: Profile, stretches: tuple[Stretch, ...]) -> Route:
        legs = tuple(
            Leg(
                each.kind,
                each.storey,
                each.to_storey,
                each.points,
                each.length_m,
                each.duration_s,
                each.object,
            )
            for each in stretches
        )
        return Route(
            start=start,
            goal=goal,
            profile=profile.name,
            length_m=sum(leg.length_m for leg in legs),
            duration_s=sum(leg.duration_s for leg in legs),
            legs=legs,
            steps=self._guide.steps(stretches, start, goal),
            crossings=tuple(crossing for each in stretches for _, crossing in each.crossings),
        )

    def evacuate(self, exits: Collection[int], profile: Profile, closed: Collection[int] = ()) -> Evacuation:
        """Every room's way to the nearest of some nodes, from its most remote portal or corner."""
        compiled = self.compiled(profile)
        seconds, _ = compiled.nearest_of(sorted(exits), compiled.closed(closed))
        worst = {
            space: float(seconds[self.built.nodes_of(space)].max())
            for space in self.built.rooms
            if self.built.terminals_of.get(space)
        }
        stuck = tuple(space for space in self.built.rooms if not np.isfinite(worst.get(space, np.inf)))
        return Evacuation({space: each for space, each in worst.items() if np.isfinite(each)}, stuck)


def _unreachable(place: Place) -> NoRouteError:
    return NoRouteError(
        "unreachable_place",
        f"{place.label.zh}没有门或通道可以到达",
        f"no door or passage leads to {place.label.en} in this model",
    )


def _cabins(package: ModelPackage, built: NavGraph) -> set[int]:
    """Rooms that a lift stops in and that are no larger than its cabin."""
    stops = {space for portal in built.portals.values() if portal.kind == "lift"
             for space in (portal.space_a, portal.space_b)}  # fmt: skip
    return {
        each.element_index
        for each in package.spaces
        if each.element_index in stops and each.area_m2 <= LARGEST_CABIN_M2
    }
