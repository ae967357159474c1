"""The sums of one venue's film: made as it is recorded, and answered from."""

from zoneinfo import ZoneInfo

from telemetry_bridge.clock import Clock
from twin.film.film import Film
from twin.film.rollup.asking import Asker
from twin.film.rollup.making import Maker, RollupSettings
from twin.film.rollup.store import RollupStore


class Rollups:
    """What is asked (`ask`) and what makes it ready (`make`) of one film."""

    def __init__(
        self, film: Film, zone: ZoneInfo, clock: Clock, settings: RollupSettings | None = None
    ) -> None:
        """`zone`: that of the venue, by whose hours and days is summed."""
        store = RollupStore(film.store)
        self.zone = zone
        self.ask = Asker(film, store, zone, clock)
        self.make = Maker(film, store, zone, clock, settings or RollupSettings())
