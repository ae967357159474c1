"""How long film is kept where, as the settings and the venue's files say."""

from telemetry_bridge.points import Registry
from twin.film.cold.shelf import Shelf, open_shelf
from twin.film.cold.tier import Keeping, notes_of
from twin.film.policy import DEFAULT, Policies, Policy, unused_classes
from twin.film.policy_file import FILE, load_policies
from twin.settings import load_store_settings
from twin.venue import Venue


def shelf_of_tools() -> Shelf | None:
    """Where the cold files of a tool's film lie; None: no place is set. Raises SettingError."""
    place = load_store_settings({}).film_cold
    return None if place is None else open_shelf(place)


def keeping_of_tools() -> Keeping:
    """For a film that a tool reads, and of which it moves nothing. Raises SettingError."""
    return Keeping(Policies(Policy(DEFAULT, float("inf"))), shelf_of_tools())


def open_keeping(
    venue: Venue, registry: Registry, keep_days: float, place: str | None
) -> tuple[Keeping, list[str]]:
    """What is to be done with old film, and what of it is asked for in vain, for people.

    `place` is the setting `film_cold`. Raises VenueError for film.yaml, SettingError for the place.
    """
    policies = load_policies(venue, keep_days)
    shelf = None if place is None else open_shelf(place)
    keeping = Keeping(policies, shelf, venue.zone)
    unused = unused_classes(policies, registry)
    notes = [f"{FILE}: no point has the class of policy {', '.join(unused)}"] if unused else []
    return keeping, [*notes, *notes_of(keeping)]
