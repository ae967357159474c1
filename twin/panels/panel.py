"""What a panel gives the server, and how its requests find what it runs."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.requests import HTTPConnection

from twin.runtime import Twin
from twin.store.database import migrate


@dataclass(frozen=True, slots=True)
class Panel:
    """One feature: its routes, its tables, and what runs beside the server.

    `run` yields the object that the panel's requests work with (`service_of`); `migrations` is a folder of
    alembic revisions for the panel's own tables, kept under a version table of its own.
    """

    id: str
    router: APIRouter
    run: Callable[[Twin], AbstractAsyncContextManager[Any]]
    migrations: Path | None = None


@contextlib.asynccontextmanager
async def running_panels(app: FastAPI, twin: Twin, panels: Sequence[Panel]) -> AsyncIterator[None]:
    """Run the panels, in their order, while the server runs; what one cannot open stops the start."""
    app.state.panels = {}
    async with contextlib.AsyncExitStack() as stack:
        for panel in panels:
            if panel.migrations is not None and twin.database is not None:
                await migrate(twin.database, panel.migrations, f"{panel.id}_version")
            app.state.panels[panel.id] = await stack.enter_async_context(panel.run(twin))
        yield


def service_of(connection: HTTPConnection, panel_id: str) -> Any:
    """The object that a panel's `run` gave, for its routes."""
    return connection.app.state.panels[panel_id]
