"""Making and changing incidents: each an event and its row in one transaction."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telemetry_bridge.clock import Clock
from twin.accounts.accounts import Person
from twin.errors import NotFoundError
from twin.events.event import Draft, new_id
from twin.events.log import EventLog
from twin.incidents.errors import IncidentChangedError, TooManyPicturesError
from twin.incidents.model import MOST_PICTURES, Incident, Picture
from twin.incidents.png import CleanPicture
from twin.incidents.projection import (
    Account,
    created_draft,
    differences,
    exported_draft,
    pictures_data,
    updated_draft,
)
from twin.panels.incidents import store
from twin.store.database import writing

Change = Callable[[AsyncConnection, Incident], Awaitable[Draft | None]]


class Incidents:
    """The venue's incident reports; one for each server process."""

    def __init__(self, engine: AsyncEngine, log: EventLog, clock: Clock) -> None:
        self._engine, self._log, self._clock = engine, log, clock
        self._last_id = ""

    async def create(self, said: Account, actor: str) -> Incident:
        """Make an incident."""
        incident_id = self._new_id()
        async with writing(self._engine) as connection:
            draft = created_draft(incident_id, await store.next_number(connection), said, actor)
            events = await self._log.append_within(connection, draft)
            made = await store.apply(connection, None, events[0])
        self._log.announce(events)
        return made

    async def get(self, incident_id: str) -> Incident:
        """The incident of an id. Raises NotFoundError."""
        async with self._engine.connect() as connection:
            found = await store.get(connection, incident_id)
        if found is None:
            raise _unknown(incident_id)
        return found

    async def find(self, limit: int, before_id: str = "", text: str = "") -> tuple[Incident, ...]:
        """See `store.find`."""
        return await store.find(self._engine, limit, before_id, text)

    async def change(self, incident_id: str, said: Account, actor: str, *, version: int) -> Incident:
        """Write what the author changed; `version` is the one that the author has seen.

        Raises NotFoundError, IncidentChangedError.
        """

        async def changing(_: AsyncConnection, before: Incident) -> Draft | None:
            if before.version != version:
                raise IncidentChangedError(
                    f"{before.changed_by} has changed incident {before.number} meanwhile; open it again"
                )
            changes = differences(before, said)
            return updated_draft(before, changes, actor) if changes else None

        return await self._act(incident_id, changing)

    async def add_picture(
        self, incident_id: str, clean: CleanPicture, time_ms: int, caption: str, person: Person
    ) -> Incident:
        """Keep a picture with an incident. Raises NotFoundError, TooManyPicturesError."""

        async def adding(connection: AsyncConnection, before: Incident) -> Draft:
            if len(before.pictures) >= MOST_PICTURES:
                raise TooManyPicturesError(
                    f"an incident has at most {MOST_PICTURES} pictures; delete one first"
                )
            picture = _picture(self._new_id(), clean, time_ms, caption, person.name)
            await store.add_picture(connection, incident_id, picture, clean.data)
            every = sorted((*before.pictures, picture), key=lambda each: (each.time_ms, each.id))
            return updated_draft(before, {"pictures": pictures_data(every)}, person.actor)

        return await self._act(incident_id, adding)

    async def caption_picture(self, incident_id: str, picture_id: str, caption: str, actor: str) -> Incident:
        """Write what a picture shows. Raises NotFoundError."""

        async def writing_caption(_: AsyncConnection, before: Incident) -> Draft:
            _picture_of(before, picture_id)
            every = [
                replace(each, caption=caption) if each.id == picture_id else each for each in before.pictures
            ]
            return updated_draft(before, {"pictures": pictures_data(every)}, actor)

        return await self._act(incident_id, writing_caption)

    async def delete_picture(self, incident_id: str, picture_id: str, actor: str) -> Incident:
        """Take a picture out. Raises NotFoundError."""

        async def deleting(connection: AsyncConnection, before: Incident) -> Draft:
            _picture_of(before, picture_id)
            await store.drop_pictures(connection, [picture_id])
            every = [each for each in before.pictures if each.id != picture_id]
            return updated_draft(before, {"pictures": pictures_data(every)}, actor)

        return await self._act(incident_id, deleting)

    async def picture(self, incident_id: str, picture_id: str) -> bytes:
        """A picture's PNG. Raises NotFoundError."""
        _picture_of(await self.get(incident_id), picture_id)
        found = await store.pictures(self._engine, [picture_id])
        if picture_id not in found:
            raise NotFoundError("this picture was deleted")
        return found[picture_id]

    async def pictures(self, incident: Incident) -> Mapping[str, bytes]:
        """The PNGs of an incident's pictures by id."""
        return await store.pictures(self._engine, [each.id for each in incident.pictures])

    async def note_export(self, incident_id: str, kind: str, content: Mapping[str, Any], actor: str) -> None:
        """Write down that an incident was given out. Raises NotFoundError."""

        async def noting(_: AsyncConnection, before: Incident) -> Draft:
            return exported_draft(before, kind, content, actor)

        await self._act(incident_id, noting)

    async def _act(self, incident_id: str, change: Change) -> Incident:
        async with writing(self._engine) as connection:
            before = await store.get(connection, incident_id, lock=True)
            if before is None:
                raise _unknown(incident_id)
            draft = await change(connection, before)
            if draft is None:
                return before
            events = await self._log.append_within(connection, draft)
            after = await store.apply(connection, before, events[0])
        self._log.announce(events)
        return after

    def _new_id(self) -> str:
        self._last_id = new_id(int(self._clock.now_ms()), self._last_id)
        return self._last_id


def _unknown(incident_id: str) -> NotFoundError:
    return NotFoundError(f"there is no incident {incident_id[:40]!r}")


def _picture_of(incident: Incident, picture_id: str) -> Picture:
    for picture in incident.pictures:
        if picture.id == picture_id:
            return picture
    raise NotFoundError(f"incident {incident.number} has no picture {picture_id[:40]!r}")


def _picture(picture_id: str, clean: CleanPicture, time_ms: int, caption: str, by: str) -> Picture:
    digest = hashlib.sha256(clean.data).hexdigest()
    return Picture(picture_id, time_ms, caption, clean.width, clean.height, len(clean.data), digest, by)
