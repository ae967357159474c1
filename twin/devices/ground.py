"""What binding rules look at, read from a model package."""

import functools
from collections.abc import Sequence

from spatial.model import Box, Element, Space
from spatial.package import ModelPackage
from twin.devices.binding_rules import BindingRule
from twin.devices.guessing import Candidate, Ground, Position, Room


def read_ground(package: ModelPackage, rules: Sequence[BindingRule]) -> Ground:
    """The elements and spaces of a model, and the values of the properties that the rules name."""

    @functools.cache
    def type_class(type_index: int | None) -> str:
        kind = package.element_type(type_index)
        return "" if kind is None else kind.ifc_class.removesuffix("Type").removesuffix("Style")

    guid_of: dict[int, str] = {}
    candidates = []
    spaces = {index: space.guid for index, space in package.space_by_index.items()}
    for element in package.iterate():
        guid_of[element.element_index] = element.guid
        candidates.append(_candidate(element, type_class(element.type_index), spaces))
    named = {place for rule in rules for place in rule.properties}
    sets = {pset: package.values_of(pset) for pset in {pset for pset, _ in named}}
    values = {
        (pset, name): {
            guid_of[index]: str(told[name])
            for index, told in sets[pset].items()
            if told.get(name) not in (None, "") and index in guid_of
        }
        for pset, name in named
    }
    return Ground(candidates, [_room(space) for space in package.spaces], values)


def _candidate(element: Element, type_class: str, spaces: dict[int, str]) -> Candidate:
    within = spaces.get(element.element_index) or spaces.get(
        -1 if element.space_index is None else element.space_index, ""
    )
    classes = frozenset(name for name in (element.ifc_class, type_class) if name)
    return Candidate(element.guid, classes, element.name, element.tag, within, _centre(element.box))


def _room(space: Space) -> Room:
    texts = tuple(dict.fromkeys(text for text in (space.name, space.long_name, space.name_en) if text))
    return Room(space.guid, texts or (space.guid,))


def _centre(box: Box | None) -> Position | None:
    if box is None:
        return None
    return (box[0] + box[3]) / 2, (box[1] + box[4]) / 2, (box[2] + box[5]) / 2
