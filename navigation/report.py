"""What of a model does not hang together: rooms that no way leads to, portals that lead nowhere."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from navigation.freespace import BODY_RADIUS_M
from navigation.navigator import Navigator
from spatial.model import Space


@dataclass(frozen=True, slots=True)
class Connectivity:
    """`parts`: sets of rooms (element_index) that hang together, the largest first.

    `unconnected`: the rooms that are not in it. `portals`: portal_index and what is wrong. `tight`: rooms so
    narrow that less than a body's clearance was kept, m.
    """

    parts: tuple[frozenset[int], ...]
    unconnected: tuple[Space, ...]
    portals: tuple[tuple[int, str], ...]
    tight: tuple[tuple[Space, float], ...]


def connectivity(navigator: Navigator) -> Connectivity:
    """Look which rooms hang together on foot, and which portals could not be used."""
    built, spaces = navigator.built, navigator.space_by_index
    rooms: nx.Graph[int] = nx.Graph()
    rooms.add_nodes_from(built.rooms)
    for tail, head, facts in built.graph.edges(data=True):
        ends = [built.graph.nodes[node]["space"] for node in (tail, head)]
        if facts["portal"] is not None and None not in ends:
            rooms.add_edge(*ends)
    parts = sorted(nx.connected_components(rooms), key=lambda part: (-len(part), min(part)))
    alone = sorted(space for part in parts[1:] for space in part)
    clearances = ((space, room.free.clearance_m) for space, room in sorted(built.rooms.items()))
    return Connectivity(
        parts=tuple(frozenset(part) for part in parts),
        unconnected=tuple(spaces[space] for space in alone),
        portals=tuple(built.notes),
        tight=tuple((spaces[space], clear) for space, clear in clearances if clear < BODY_RADIUS_M),
    )
