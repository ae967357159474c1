"""Incident reports as they run: records, and what log and film say to them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from spatial.errors import UnknownPlaceError
from telemetry_bridge.points import Label
from twin.alarms.places import place_of
from twin.alarms.projection import AlarmFilter
from twin.events.event import Event
from twin.incidents import choosing
from twin.incidents.document import CameraView, Letterhead, report_html
from twin.incidents.dossier import Dossier
from twin.incidents.errors import IntervalError, PointsError
from twin.incidents.gathering import Meant, Sources, events_between, gather
from twin.incidents.lexicon import Lexicon, both, spoken
from twin.incidents.model import LONGEST_MS, Incident, Scope
from twin.incidents.pdf import check_pdf, pdf_of
from twin.incidents.phrases import Language
from twin.panels.incidents.recordings import stills_of
from twin.panels.incidents.records import Incidents
from twin.runtime import Twin
from twin.venue import Name

MOST_ALARMS = 1000
CAMERA = "camera-"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the server suggests to show: points as `device/point`, and the moment that matters."""

    points: tuple[str, ...]
    at_ms: int


class IncidentReports:
    """What the panel's requests work with."""

    def __init__(self, twin: Twin, engine: AsyncEngine) -> None:
        self.twin = twin
        self.records = Incidents(engine, twin.events, twin.clock)
        self.archiving = asyncio.Semaphore(1)
        """An archive holds a whole film in memory: one at a time."""
        self._printing = asyncio.Semaphore(1)  # a document keeps a core busy for seconds

    @property
    def sources(self) -> Sources:
        """What dossiers are read from."""
        twin = self.twin
        return Sources(twin.events, twin.film, twin.registry, twin.clock)

    async def dossier(self, incident: Incident) -> Dossier:
        """What log and film say to an incident now."""
        meant = await self.meant(incident.scope)
        names = await self._alarm_names(incident)
        return await gather(self.sources, incident, meant, await self.lexicon(), names)

    async def pdf(self, incident: Incident, language: Language) -> bytes:
        """The report as a document. Raises ExportUnableError."""
        await asyncio.to_thread(check_pdf)
        found = await self.dossier(incident)
        pictures = dict(await self.records.pictures(incident))
        stills = await stills_of(self.twin, incident, await self.meant(incident.scope))
        views = [CameraView(f"{CAMERA}{place}", each.name, each.time_ms) for place, each in enumerate(stills)]
        pictures |= {view.picture: still.jpeg for view, still in zip(views, stills, strict=True)}
        html = report_html(found, self.letterhead(found), language, self.twin.venue.zone, views)
        async with self._printing:
            return await asyncio.to_thread(pdf_of, html, pictures)

    def letterhead(self, found: Dossier) -> Letterhead:
        """What stands around a report."""
        info, names = self.twin.venue.info, found.lexicon.people
        operator = info.operator or Name()
        incident = found.incident
        return Letterhead(
            Label(info.name.zh, info.name.en),
            Label(operator.zh, operator.en),
            self.twin.package.manifest.revision,
            names.get(incident.author) or incident.author,
            names.get(incident.changed_by) or incident.changed_by,
        )

    async def choice(self, scope: Scope, from_ms: int, to_ms: int) -> Choice:
        """What a report on something should show."""
        meant = await self.meant(scope)
        events: Sequence[Event] = await events_between(self.twin.events, from_ms, to_ms)
        points = choosing.chosen_points(events, self.twin.registry, meant)
        return Choice(tuple(points), choosing.moment_that_matters(events, meant, from_ms, to_ms))

    async def meant(self, scope: Scope) -> Meant:
        """The devices, places and alarms that a scope covers.

        Raises UnknownPlaceError for a guid that this model does not have, NotFoundError for an unknown alarm.
        """
        devices, places, alarms = set[str](), set[str](), set[str]()
        if scope.element is not None:
            devices |= set(self.twin.bound.devices_at.get(self.twin.package.element(scope.element).guid, ()))
            places.add(scope.element)
        if scope.space is not None:
            places.add(self.twin.package.space(scope.space).guid)
            devices |= self._devices_in(scope.space)
        if scope.alarm is not None:
            alarm = await self.twin.alarms.get(scope.alarm)
            devices.add(alarm.device)
            alarms.add(alarm.id)
        return Meant(frozenset(devices), frozenset(places), frozenset(alarms))

    def _devices_in(self, space: str) -> set[str]:
        twin = self.twin
        return {
            device
            for device, element in twin.bound.element_of.items()
            if place_of(twin.package, element).space == space
        }

    async def lexicon(self) -> Lexicon:
        """Names as people know them today."""
        accounts = await self.twin.accounts.all()
        people = {each.person.name: each.person.display_name for each in accounts}
        rules = {rule.id: rule.name for rule in self.twin.rulebook.rules}
        return Lexicon(self.twin.registry, self._place, people, rules)

    def _place(self, guid: str) -> Label:
        try:
            found = self.twin.package.element(guid)
        except UnknownPlaceError:
            return both(guid)
        return spoken(Label(found.long_name or found.name, found.name_en), found.name or guid)

    async def _alarm_names(self, incident: Incident) -> dict[str, Label]:
        """Names of alarms that were open in the interval, though they may have been raised before it."""
        wanted = AlarmFilter(open_only=False, from_ms=incident.from_ms, to_ms=incident.to_ms)
        found = await self.twin.alarms.find(wanted, MOST_ALARMS)
        return {alarm.id: alarm.name for alarm in found}

    def check_interval(self, from_ms: int, to_ms: int) -> None:
        """Raise IntervalError where no report can be about a stretch of time."""
        if not from_ms < to_ms:
            raise IntervalError("from must be before to", "empty")
        if to_ms - from_ms > LONGEST_MS:
            raise IntervalError("a report is about a week at most; choose a shorter time", "long")
        if from_ms > self.twin.clock.now_ms():
            raise IntervalError("this time is yet to come", "ahead")

    def check_points(self, points: Sequence[str]) -> tuple[str, ...]:
        """The points, each once. Raises PointsError for one that was never recorded."""
        for key in points:
            device, _, name = key.partition("/")
            if self.twin.film.find_point(device, name) is None:
                raise PointsError(
                    f"no point {key[:200]!r} was ever recorded; see /api/points", point=key[:200]
                )
        return tuple(dict.fromkeys(points))

    async def check_scope(self, scope: Scope) -> None:
        """Raise where what a report should be about does not exist: as `meant` does."""
        await self.meant(scope)
