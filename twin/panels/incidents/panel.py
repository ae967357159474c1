"""Incident reports, as the server runs them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from twin.panels.incidents.archiving import remove_leftovers
from twin.panels.incidents.routes import router
from twin.panels.incidents.service import IncidentReports
from twin.panels.panel import Panel
from twin.runtime import Twin


@contextlib.asynccontextmanager
async def run(twin: Twin) -> AsyncIterator[IncidentReports]:
    """The panel over a running twin."""
    if twin.database is None:
        raise RuntimeError("the twin does not run")
    await asyncio.to_thread(remove_leftovers, twin.settings.data_folder)
    yield IncidentReports(twin, twin.database)


INCIDENTS = Panel("incidents", router, run, Path(__file__).parent / "migrations")
