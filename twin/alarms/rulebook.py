"""A venue's rules over its devices and its model: read, checked against both, and ready for the engine."""

from collections.abc import Sequence
from dataclasses import dataclass

from telemetry_bridge.points import Registry
from twin.alarms.model import Rule
from twin.alarms.rules_file import load_rules
from twin.alarms.table import PlaceOf, RuleTable, make_table
from twin.errors import VenueError
from twin.venue import Venue


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules in the file's order, the table of the points they watch, and notes on what looks odd."""

    rules: tuple[Rule, ...]
    table: RuleTable
    notes: Sequence[str]


def open_rulebook(venue: Venue, registry: Registry, place_of: PlaceOf) -> Rulebook:
    """The rules of a venue folder; a venue without one, or without the file, has none. Raises VenueError."""
    rules = load_rules(venue.folder) if venue.folder is not None else ()
    table, faults, notes = make_table(rules, registry, place_of)
    if faults:
        raise VenueError(str(venue.folder), faults)
    return Rulebook(rules, table, notes)
