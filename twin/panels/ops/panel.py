"""The operations panel, as the server runs it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from twin.panels.ops.routes import router
from twin.panels.ops.service import Operations
from twin.panels.panel import Panel
from twin.runtime import Twin


@contextlib.asynccontextmanager
async def run(twin: Twin) -> AsyncIterator[Operations]:
    """The panel over a running twin."""
    if twin.database is None:
        raise RuntimeError("the twin does not run")
    operations = Operations(twin, twin.database)
    twin.commands.holds.append(operations.orders.holds)
    yield operations


OPS = Panel("ops", router, run, Path(__file__).parent / "migrations")
