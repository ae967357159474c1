"""Notes, as the server runs them."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from twin.panels.notes.notes import Notes
from twin.panels.notes.routes import router
from twin.panels.panel import Panel
from twin.runtime import Twin


@contextlib.asynccontextmanager
async def run(twin: Twin) -> AsyncIterator[Notes]:
    """The notes of a running twin."""
    if twin.database is None:
        raise RuntimeError("the twin does not run")
    yield Notes(twin.database, twin.events, twin.clock)


NOTES = Panel("notes", router, run, Path(__file__).parent / "migrations")
