"""Tells the log of events when the film could not be written, once that is over."""

import asyncio

import structlog
from sqlalchemy.exc import SQLAlchemyError

from twin.events.log import EventLog
from twin.film.trouble import Trouble

LOG = structlog.get_logger(__name__)
BEAT_S = 1.0


async def tell_outages(trouble: Trouble, events: EventLog) -> None:
    """Look for outages that are over until cancelled; what cannot be written is tried again."""
    while True:
        await tell_once(trouble, events)
        await asyncio.sleep(BEAT_S)


async def tell_once(trouble: Trouble, events: EventLog) -> None:
    """Write what is over into the log: `film.behind`, and `film.lost` where samples were given up."""
    while trouble.over:
        outage = trouble.over[0]
        try:
            await events.append(*outage.drafts())
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            LOG.warning("that the film was behind cannot be noted yet", reason=str(error))
            return
        if trouble.over and trouble.over[0] is outage:
            trouble.over.popleft()
