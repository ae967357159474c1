"""Systems and zones with their members, and what feeds what through connected ports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bim_pipeline.entities import instances

GROUPS = ("IfcSystem", "IfcZone")
# What is told of a port's flow or medium where nothing is known.
_SAYS_NOTHING = frozenset({"NOTDEFINED", "USERDEFINED", "NOTKNOWN"})


@dataclass(frozen=True, slots=True)
class System:
    """An IfcSystem or IfcZone: the elements in it, and the places that it serves, both ascending."""

    system_index: int
    guid: str
    ifc_class: str
    predefined_type: str | None
    name: str
    members: tuple[int, ...]
    served: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Connection:
    """How one element acts on another, both by index.

    `kind` is `flow` (from feeds to), `link` (joined by ports that tell no direction; from is the lower index)
    or `control` (from is the controlling element). `medium` is the ports' system type (HEATING), else what
    runs through them (PIPE, DUCT, CABLE), else ''. `system_index` is the first system that both
    are in, -1 for none.
    """

    from_index: int
    to_index: int
    kind: str
    medium: str = ""
    system_index: int = -1


def read_systems(model: Any, index: Mapping[int, int]) -> tuple[System, ...]:
    """Read systems and zones, ascending by guid; `index` gives the element index of a step id.

    What is in a group that is in another group is in both.
    """
    entities = {e.GlobalId: e for name in GROUPS for e in model.by_type(name) if e.GlobalId}
    direct = _group_members(model)
    served = _served(model, index)
    return tuple(
        _system(i, entities[guid], _members(entities[guid].id(), direct, index), served)
        for i, guid in enumerate(sorted(entities))
    )


def read_connections(
    model: Any, index: Mapping[int, int], systems: Sequence[System]
) -> tuple[Connection, ...]:
    """Read what feeds, joins or controls what, in order; every connection once.

    Ports belong to elements by IfcRelNests (IFC4) or IfcRelConnectsPortToElement (IFC2X3). The direction is
    the ports' FlowDirection: from the source to the sink; one port that tells is enough.
    """
    shared = _Memberships(systems)
    found = [*_port_connections(model, index), *_control_connections(model, index)]
    return tuple(sorted(shared.placed(c) for c in dict.fromkeys(found)))


class _Memberships:
    """Which systems elements have in common."""

    def __init__(self, systems: Sequence[System]) -> None:
        self._systems: dict[int, set[int]] = defaultdict(set)
        for system in systems:
            for member in system.members:
                self._systems[member].add(system.system_index)

    def placed(self, c: Connection) -> Connection:
        """Give a connection with the first system that both its ends are in; -1 stands for none."""
        common = self._systems[c.from_index] & self._systems[c.to_index]
        return Connection(c.from_index, c.to_index, c.kind, c.medium, min(common, default=-1))


def _group_members(model: Any) -> dict[int, list[int]]:
    """Give the step ids in each group, by the group's."""
    found: dict[int, list[int]] = defaultdict(list)
    for relation in model.by_type("IfcRelAssignsToGroup"):
        if relation.RelatingGroup is not None:
            found[relation.RelatingGroup.id()] += [o.id() for o in relation.RelatedObjects or ()]
    for relation in model.by_type("IfcRelAggregates"):
        whole = relation.RelatingObject
        if whole is not None and whole.is_a("IfcGroup"):
            found[whole.id()] += [o.id() for o in relation.RelatedObjects or ()]
    return found


def _members(group: int, direct: Mapping[int, Sequence[int]], index: Mapping[int, int]) -> tuple[int, ...]:
    """Give the elements in a group and in the groups in it; a group that holds itself is read once."""
    seen = {group}
    waiting = [group]
    while waiting:
        for member in direct.get(waiting.pop(), ()):
            if member not in seen:
                seen.add(member)
                waiting.append(member)
    return tuple(sorted(index[member] for member in seen if member in index))


def _served(model: Any, index: Mapping[int, int]) -> dict[int, set[int]]:
    """Give the places that each system serves, by the system's step id."""
    found: dict[int, set[int]] = defaultdict(set)
    for relation in model.by_type("IfcRelServicesBuildings"):
        if relation.RelatingSystem is not None:
            places = (place.id() for place in relation.RelatedBuildings or ())
            found[relation.RelatingSystem.id()].update(index[p] for p in places if p in index)
    return found


def _system(
    number: int, entity: Any, members: tuple[int, ...], served: Mapping[int, Iterable[int]]
) -> System:
    places = tuple(sorted(served.get(entity.id(), ())))
    name = entity.Name if isinstance(entity.Name, str) else ""
    return System(number, entity.GlobalId, entity.is_a(), _predefined(entity), name, members, places)


def _predefined(entity: Any) -> str | None:
    value = getattr(entity, "PredefinedType", None)
    if value == "USERDEFINED":
        return str(entity.ObjectType or value)
    return None if value == "NOTDEFINED" else value


def _port_connections(model: Any, index: Mapping[int, int]) -> Iterator[Connection]:
    owner = _port_owners(model, index)
    for relation in model.by_type("IfcRelConnectsPorts"):
        one, other = relation.RelatingPort, relation.RelatedPort
        if one is None or other is None or one.id() not in owner or other.id() not in owner:
            continue
        ends = owner[one.id()], owner[other.id()]
        direction = _direction(one, other)
        medium = _medium(one) or _medium(other)
        between = getattr(relation, "RealizingElement", None)
        middle = index.get(between.id()) if between is not None else None
        chain = (ends[0], ends[1]) if middle is None or middle in ends else (ends[0], middle, ends[1])
        for a, b in pairwise(chain):
            if a != b:
                yield _connection(a, b, direction, medium)


def _connection(a: int, b: int, direction: int, medium: str) -> Connection:
    if direction == 0:
        return Connection(min(a, b), max(a, b), "link", medium)
    return Connection(*((a, b) if direction > 0 else (b, a)), "flow", medium)


def _port_owners(model: Any, index: Mapping[int, int]) -> dict[int, int]:
    """Give the element of each port, by the port's step id."""
    found: dict[int, int] = {}
    for relation in model.by_type("IfcRelNests"):
        whole = relation.RelatingObject
        if whole is not None and whole.id() in index:
            ports = (o for o in relation.RelatedObjects or () if o.is_a("IfcPort"))
            found.update((port.id(), index[whole.id()]) for port in ports)
    for relation in model.by_type("IfcRelConnectsPortToElement"):
        port, element = relation.RelatingPort, relation.RelatedElement
        if port is not None and element is not None and element.id() in index:
            found.setdefault(port.id(), index[element.id()])
    return found


def _direction(one: Any, other: Any) -> int:
    """Give 1 where the flow goes from the first port to the second, -1 against it, 0 where nothing tells."""
    out = _outward(one) - _outward(other)
    return (out > 0) - (out < 0)


def _outward(port: Any) -> int:
    return {"SOURCE": 1, "SINK": -1}.get(str(getattr(port, "FlowDirection", None)), 0)


def _medium(port: Any) -> str:
    said = (getattr(port, name, None) for name in ("SystemType", "PredefinedType"))
    return next((str(value) for value in said if value and value not in _SAYS_NOTHING), "")


def _control_connections(model: Any, index: Mapping[int, int]) -> Iterator[Connection]:
    for relation in instances(model, "IfcRelFlowControlElements"):
        flow = relation.RelatingFlowElement
        if flow is None or flow.id() not in index:
            continue
        for control in relation.RelatedControlElements or ():
            if control.id() in index:
                yield Connection(index[control.id()], index[flow.id()], "control")
