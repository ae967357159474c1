"""Whether a venue's files, its devices and its model fit each other; what does not is noted, not refused."""

from collections.abc import Iterator

from spatial.package import ModelPackage
from telemetry_bridge.points import Registry
from twin.bound import BoundDevices
from twin.devices.facts import unusable_columns
from twin.venue import Venue

MOST_NAMES_SHOWN = 5


def mismatches(venue: Venue, registry: Registry, package: ModelPackage, bound: BoundDevices) -> Iterator[str]:
    """One line for each kind of thing that refers to what is not there."""
    spaces = {space.name for space in package.spaces}
    cameras = sorted(set(venue.cameras) - set(registry.devices))
    rooms = sorted({each.space for each in venue.programme} - spaces)
    places = sorted({poi.id for poi in venue.pois if poi.space and poi.space not in spaces})
    lost = sorted(bound.missing)
    unusable = [
        f"{each.id}: {fault}" for each in registry.devices.values() for fault in unusable_columns(each)
    ]
    if lost:
        yield f"{len(lost)} device(s) bound to elements that this model lacks: {_shown(lost)}"
    if cameras:
        yield f"cameras.yaml names {len(cameras)} device(s) that are not registered: {_shown(cameras)}"
    if rooms:
        yield f"programme.yaml names {len(rooms)} space(s) that this model lacks: {_shown(rooms)}"
    if places:
        yield f"pois.yaml has {len(places)} place(s) in spaces that this model lacks: {_shown(places)}"

    if unusable:
        yield f"devices.csv has {len(unusable)} fact(s) that are left out: {_shown(unusable)}"


def _shown(names: list[str]) -> str:
    more = len(names) - MOST_NAMES_SHOWN
    return ", ".join(names[:MOST_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
