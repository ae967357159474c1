"""What connects spaces: doors, open passages, stairs, ramps and lifts, found by geometry.

Models rarely say which rooms a door joins, and more rarely say it rightly; their shapes do. So both sides
of each door are probed, rooms that touch without a wall between are joined, stairs and ramps are followed
from their lowest to their highest edge, and lifts stop where their doors are. Each kind has a file of its
own: `doors`, `passages`, `flights`, `lifts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bim_pipeline.doors import door_frames, probe_rooms
from bim_pipeline.flights import flight_portals
from bim_pipeline.lifts import lift_portals
from bim_pipeline.passages import open_passages
from bim_pipeline.remembering import Memory
from bim_pipeline.rooms import RoomFinder
from bim_pipeline.source import Element, Mesh, Portal, Space, Storey


def derive_portals(
    elements: Sequence[Element],
    storeys: Sequence[Storey],
    spaces: Sequence[Space],
    meshes: Mapping[int, Mesh],
    memory: Memory | None = None,
) -> list[Portal]:
    """Find all portals of a model, in a fixed order: doors, openings, stairs and ramps, lifts.

    elements by index; storeys lowest first; meshes by element index (`source.Meshes`). Metres, local frame.
    Where a model has no spaces, doors, stairs and lifts still become portals, with neither space known. A
    door to the outside knows one. What a `memory` holds of an earlier build is not looked for again;
    meshes are then `source.Meshes`.
    """
    finder = RoomFinder(spaces)
    frames = door_frames(elements, meshes)
    return [
        *probe_rooms(frames, finder),
        *open_passages(elements, meshes, frames, finder, memory),
        *flight_portals(elements, meshes, storeys, finder, memory),
        *lift_portals(elements, meshes, storeys, frames, finder),
    ]
