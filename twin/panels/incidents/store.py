"""Incidents in the database, written in the transaction of the events that change them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from twin.events.event import Event
from twin.events.log import EventFilter, EventLog
from twin.incidents.model import Incident, Picture, Scope
from twin.incidents.projection import CREATED, SUBJECT_PREFIX, applied
from twin.panels.incidents.table import INCIDENT, INCIDENT_PICTURE
from twin.store import numbering
from twin.store.database import writing

PAGE = 500
NUMBER_LOCK = 0x696E6331  # "inc1": the advisory lock by which incidents get their numbers
SEARCHED = ("id", "number", "title", "from_ms", "to_ms", "author", "changed_ms")


async def next_number(connection: AsyncConnection) -> int:
    """The number of the next incident; nobody else gets it while the transaction lasts."""
    return await numbering.next_number(connection, INCIDENT.c.number, NUMBER_LOCK)


async def apply(connection: AsyncConnection, before: Incident | None, event: Event) -> Incident:
    """Bring the table to what an event says."""
    after = applied(before, event)
    if event.type == CREATED:
        await put(connection, after)
    else:
        await connection.execute(update(INCIDENT).where(INCIDENT.c.id == after.id).values(**_row(after)))
    return after


async def put(connection: AsyncConnection, incident: Incident) -> None:
    """Write an incident that is not there yet."""
    await connection.execute(insert(INCIDENT).values(**_row(incident)))


async def get(connection: AsyncConnection, incident_id: str, *, lock: bool = False) -> Incident | None:
    """An incident; with `lock` nobody else changes it until the transaction ends."""
    query = select(INCIDENT.c.said).where(INCIDENT.c.id == incident_id)
    said = (await connection.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
    return None if said is None else _read(said)


async def find(engine: AsyncEngine, limit: int, before_id: str = "", text: str = "") -> tuple[Incident, ...]:
    """The first `limit` incidents, newest first; with `before_id` those made before it."""
    query = select(INCIDENT.c.said).order_by(INCIDENT.c.id.desc()).limit(limit)
    if before_id:
        query = query.where(INCIDENT.c.id < before_id)
    if text:
        query = query.where(_holds(text))
    async with engine.connect() as connection:
        return tuple(_read(said) for said in (await connection.execute(query)).scalars())


def _holds(text: str) -> Any:
    found = [column.icontains(text, autoescape=True) for column in (INCIDENT.c.title, INCIDENT.c.author)]
    number = text.lstrip("#")
    if number.isascii() and number.isdigit() and len(number) < 9:
        found.append(INCIDENT.c.number == int(number))
    return or_(*found)


async def add_picture(connection: AsyncConnection, incident_id: str, picture: Picture, png: bytes) -> None:
    """Keep a picture's bytes."""
    await connection.execute(insert(INCIDENT_PICTURE).values(id=picture.id, incident=incident_id, png=png))


async def drop_pictures(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """Forget pictures' bytes."""
    await connection.execute(delete(INCIDENT_PICTURE).where(INCIDENT_PICTURE.c.id.in_(ids)))


async def pictures(engine: AsyncEngine, ids: Sequence[str]) -> dict[str, bytes]:
    """The PNGs of some pictures by id; one that is gone is absent."""
    query = select(INCIDENT_PICTURE.c.id, INCIDENT_PICTURE.c.png).where(INCIDENT_PICTURE.c.id.in_(ids))
    async with engine.connect() as connection:
        return {str(key): bytes(png) for key, png in await connection.execute(query)}


async def rebuild(engine: AsyncEngine, log: EventLog) -> int:
    """Make the table anew from the events, all or nothing; gives how many events were read.

    Nothing else may write incidents meanwhile. The pictures' bytes are no projection, and stay.
    """
    incidents: dict[str, Incident] = {}
    count, seq = 0, 0
    async with writing(engine) as connection:
        await connection.execute(delete(INCIDENT))
        while page := await log.find(EventFilter(type="incident.*", after_seq=seq), PAGE):
            for event in page:
                key = event.subject.removeprefix(SUBJECT_PREFIX)
                incidents[key] = await apply(connection, incidents.get(key), event)
            count, seq = count + len(page), page[-1].seq
    return count


def _row(incident: Incident) -> dict[str, Any]:
    said = json.dumps(asdict(incident), ensure_ascii=False, sort_keys=True)
    return {name: getattr(incident, name) for name in SEARCHED} | {"said": said}


def _read(said: str) -> Incident:
    fields = json.loads(said)
    made = {
        "scope": Scope(**fields["scope"]),
        "points": tuple(fields["points"]),
        "pictures": tuple(Picture(**each) for each in fields["pictures"]),
    }
    return Incident(**fields | made)
