"""Under which keys events of a place are found: an element with its devices, a space with all in it."""

from collections.abc import Mapping, Sequence

import numpy as np

from spatial.errors import UnknownPlaceError
from spatial.model import Element, Space
from spatial.package import ModelPackage

DevicesAt = Mapping[str, Sequence[str]]
"""Ids of the devices that are bound to an element, by its guid."""


def element_keys(guid: str, devices_at: DevicesAt) -> frozenset[str]:
    """The keys of an element and of the devices bound to it; of one that the model lacks its own."""
    return frozenset({f"element:{guid}", *(f"device:{each}" for each in devices_at.get(guid, ()))})


def space_keys(guid: str, package: ModelPackage, devices_at: DevicesAt) -> frozenset[str]:
    """The keys of a space, of the spaces in it, and of the elements and devices within any of them.

    Of a space that the model lacks, as one of an older revision: its own alone.
    """
    keys = {f"space:{guid}"}
    try:
        inside = _with_inner(package.space(guid), package)
    except UnknownPlaceError:
        return frozenset(keys | element_keys(guid, devices_at))
    for space in inside:
        # A booking names the space as the venue's files do, by its IFC Name.
        keys |= {f"space:{space.guid}", f"space:{space.name}"} | element_keys(space.guid, devices_at)
    rows = np.flatnonzero(np.isin(package.columns.space, [space.element_index for space in inside]))
    for element in package.elements_at(rows):
        keys |= element_keys(element.guid, devices_at)
    return frozenset(keys)


def _with_inner(space: Space, package: ModelPackage) -> list[Space | Element]:
    """A space and the spaces that it consists of, however deep."""
    found: dict[int, Space | Element] = {space.element_index: space}
    waiting = [space.element_index]
    while waiting:
        for child in package.children(waiting.pop()):
            if child.element_index in package.space_by_index and child.element_index not in found:
                found[child.element_index] = child
                waiting.append(child.element_index)
    return list(found.values())
