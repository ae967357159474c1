"""Fills an empty database with what an archive holds."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import Clock
from twin.alarms import projection as alarms
from twin.errors import RequestError
from twin.events.event import Event
from twin.events.index import writes
from twin.events.log import EventLog
from twin.events.rows import row_of
from twin.film.scene_store import SceneStore
from twin.film.scenes import encode_bindings
from twin.incidents.model import Incident
from twin.incidents.scenes_part import PastScenes
from twin.panels import PANELS
from twin.panels.incidents import store as incidents
from twin.panels.ops import store as orders
from twin.store.database import migrate, open_database, writing
from twin.store.tables import EVENT

LOG = structlog.get_logger(__name__)

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Content:
    """What goes into the database; `events` in the order of their seq."""

    events: Sequence[Event]
    incident: Incident
    pictures: dict[str, bytes]
    scenes: PastScenes


async def fill(url: str, content: Content, clock: Clock) -> None:
    """Write the content into a new database. Raises DatabaseError."""
    engine = await open_database(url)
    try:
        for panel in PANELS:
            if panel.migrations is not None:
                await migrate(engine, panel.migrations, f"{panel.id}_version")
        await _write(engine, content)
        store = SceneStore(engine, functools.partial(writing, engine))
        await store.save(content.scenes.scenes, [encode_bindings(each, None) for each in content.scenes.sets])
        await _project(engine, EventLog(engine, clock))
    finally:
        await engine.dispose()


async def _write(engine: AsyncEngine, content: Content) -> None:
    async with writing(engine) as connection:
        for first in range(0, len(content.events), AT_ONCE):
            part = content.events[first : first + AT_ONCE]
            await connection.execute(EVENT.insert(), [row_of(event) for event in part])
            for statement, rows in writes(connection.dialect.name, part):
                await connection.execute(statement, rows)
        await incidents.put(connection, content.incident)
        for picture in content.incident.pictures:
            png = content.pictures[picture.id]
            await incidents.add_picture(connection, content.incident.id, picture, png)


async def _project(engine: AsyncEngine, log: EventLog) -> None:
    """Alarms and work orders as they stood at the end.

    One whose beginning is not in the archive cannot be told; the events say what is known of it.
    """
    for name, rebuild in (("alarms", alarms.rebuild), ("work orders", orders.rebuild)):
        try:
            await rebuild(engine, log)
        except (ValueError, LookupError, TypeError, RequestError) as error:
            LOG.warning(f"the archive's {name} are not complete, and not listed", reason=str(error))
