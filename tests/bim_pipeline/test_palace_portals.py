"""The demo venue: what geometry finds is what its architect drew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.palace.layout import Layout, build_layout
from spatial.model import Portal
from spatial.package import ModelPackage

pytestmark = pytest.mark.timeout(600)
OPEN_KINDS = {"open", "opening"}


@pytest.fixture(scope="module")
def palace(palace_package: Path) -> Iterator[ModelPackage]:
    with ModelPackage.open(palace_package) as package:
        yield package


def rooms(package: ModelPackage, portal: Portal) -> frozenset[str]:
    """The numbers of the rooms that a portal joins, the outside left out."""
    known = (portal.space_a, portal.space_b)
    return frozenset(package.space_by_index[index].name for index in known if index is not None)


def drawn(layout: Layout, is_open: bool) -> Counter[frozenset[str]]:
    numbers = {space.key: space.number for space in layout.spaces}
    joined = (
        frozenset(numbers[key] for key in (door.space_a, door.space_b) if key is not None)
        for door in layout.doors
        if (door.kind in OPEN_KINDS) == is_open
    )
    return Counter(joined)


def test_every_door_joins_the_rooms_it_was_drawn_between(palace: ModelPackage) -> None:
    layout = build_layout()
    outdoors = {space.number for space in layout.spaces if space.external}
    found = Counter(rooms(palace, portal) - outdoors for portal in palace.portals if portal.kind == "door")
    expected: Counter[frozenset[str]] = Counter()
    for joined, count in drawn(layout, is_open=False).items():
        expected[joined - outdoors] += count
    assert found == expected


def test_rooms_are_open_to_each_other_where_they_were_drawn_so(palace: ModelPackage) -> None:
    layout = build_layout()
    outdoors = {space.number for space in layout.spaces if space.external}
    found = {rooms(palace, portal) for portal in palace.portals if portal.kind == "opening"}
    expected = set(drawn(layout, is_open=True))
    assert expected <= found
    # Under the open sky one can walk between the columns of an arcade, though nobody drew a way there.
    assert all(joined <= outdoors for joined in found - expected)


def test_stairs_and_lifts_join_the_storeys_they_were_drawn_through(palace: ModelPackage) -> None:
    layout = build_layout()
    numbers = {space.key: space.number for space in layout.spaces}
    stairs = {frozenset(numbers[key] for key in stair.spaces) for stair in layout.stairs}
    assert {rooms(palace, portal) for portal in palace.portals if portal.kind == "stair"} == stairs
    lifts = {
        frozenset((numbers[low], numbers[high]))
        for lift in layout.lifts
        for low, high in zip(lift.spaces[:-1], lift.spaces[1:], strict=True)
    }
    assert {rooms(palace, portal) for portal in palace.portals if portal.kind == "lift"} == lifts
