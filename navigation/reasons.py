"""Why there is no way: what stands in it, found by walking through everything at great cost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from navigation.compiled import Compiled, Links, with_barriers
from navigation.errors import Blocker, NoRouteError
from navigation.graph import NavGraph
from navigation.model import Overlay, Place
from navigation.naming import Names

MOST_NAMED = 4


class Explainer:
    """Finds what blocks the ways of one graph."""

    def __init__(self, built: NavGraph, names: Names, overlay: Overlay) -> None:
        self._built = built
        self._names = names
        self._overlay = overlay

    def explain(
        self,
        start: Place,
        goal: Place,
        links: tuple[Links, Links],
        compiled: Compiled,
        closed: Collection[int],
    ) -> NoRouteError:
        """The error that says why."""
        shut = frozenset(closed)
        found = compiled.path(*links, with_barriers(compiled, self._overlay, shut))
        if found is None:
            return _not_connected(start, goal)
        blockers, locked = self._blockers(found[0], compiled, shut)
        if not blockers:
            return _not_connected(start, goal)
        zh = "、".join(blocker.name_zh for blocker in blockers[:MOST_NAMED])
        en = ", ".join(blocker.name_en for blocker in blockers[:MOST_NAMED])
        way_zh, way_en = f"从{start.label.zh}到{goal.label.zh}", f"from {start.label.en} to {goal.label.en}"
        if locked:
            return NoRouteError(
                "locked", f"{way_zh}现在走不通：{zh}已锁", f"no way {way_en} now: locked: {en}", blockers
            )
        return NoRouteError(
            "not_step_free",
            f"{way_zh}没有无障碍路线：只能经过{zh}",
            f"no step-free way {way_en}: the only connection is {en}",
            blockers,
        )

    def _blockers(
        self, nodes: Sequence[int], compiled: Compiled, shut: frozenset[int]
    ) -> tuple[tuple[Blocker, ...], bool]:
        """What a way passes that it may not: locked doors alone, and True, where there are any."""
        graph, profile = self._built.graph, compiled.profile
        locked: dict[int, Blocker] = {}
        hard: dict[int, Blocker] = {}
        for tail, head in pairwise(nodes):
            facts = graph.edges[tail, head]
            portal = facts["portal"]
            if portal is None:
                continue
            if facts["element"] in shut:
                locked[portal] = self._blocker(portal, tail)
            barred = facts["element"] in self._overlay.private
            if barred or (profile.step_free and not facts["accessible"]):
                hard[portal] = self._blocker(portal, tail)
        chosen = locked or hard
        return tuple(chosen.values()), bool(locked)

    def _blocker(self, portal_index: int, tail: int) -> Blocker:
        portal = self._built.portals[portal_index]
        from_space = self._built.graph.nodes[tail]["space"]
        other = portal.space_b if from_space == portal.space_a else portal.space_a
        named = self._names.portal(portal, other)
        return Blocker(portal.kind, named.guid, named.label.zh, named.label.en)


def _not_connected(start: Place, goal: Place) -> NoRouteError:
    zh = f"{start.label.zh}与{goal.label.zh}之间没有门、通道、楼梯或电梯相连"
    en = f"no door, passage, stair or lift joins {start.label.en} to {goal.label.en} in this model"
    return NoRouteError("not_connected", zh, en)
