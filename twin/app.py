"""The application, assembled."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from types import ModuleType
from typing import Any

from fastapi import Depends, FastAPI, params
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Lifespan

from twin.accounts.guard import SignInGuard
from twin.accounts.roles import Role
from twin.http import (
    accounts,
    aggregates,
    alarms,
    bindings,
    bridge,
    commands,
    devices,
    docs,
    elements,
    events,
    health,
    history,
    hooks,
    layers,
    model,
    points,
    route,
    selection,
    session,
    sightings,
    spatial,
    streams,
    telemetry,
    tiles,
    viewer,
)
from twin.http.access import check_access
from twin.http.identity import requires
from twin.http.middleware import BodyLimit, CompressApi, LastResort, SameSiteWrites, SecurityHeaders
from twin.http.problems import PROBLEM_SCHEMA, ProblemOut, add_problem_handlers
from twin.panels import PANELS
from twin.panels.panel import Panel, running_panels
from twin.runtime import Twin, open_twin, running
from twin.settings import Settings

TITLE = "Venue Twin"
DESCRIPTION = (
    "A building, its devices and what they read now. Metres, Z up, in the model's local frame; "
    "times are RFC 3339, UTC; failures are problem details (RFC 9457). Live frames come by WebSocket at "
    "`/ws/live`, those of the past at `/ws/replay`."
)

ROOMS: tuple[tuple[ModuleType, Role], ...] = (
    (health, Role.PUBLIC),
    (session, Role.PUBLIC),
    (model, Role.PUBLIC),
    (elements, Role.PUBLIC),
    (spatial, Role.PUBLIC),
    (route, Role.PUBLIC),
    (layers, Role.PUBLIC),
    (tiles, Role.PUBLIC),
    (docs, Role.PUBLIC),
    (hooks, Role.PUBLIC),
    (points, Role.OPERATOR),
    (devices, Role.OPERATOR),
    (telemetry, Role.PUBLIC),
    (alarms, Role.OPERATOR),
    (sightings, Role.OPERATOR),
    (commands, Role.OPERATOR),
    (bridge, Role.OPERATOR),
    (bindings, Role.OPERATOR),
    (history, Role.OPERATOR),
    (aggregates, Role.OPERATOR),
    (selection, Role.MANAGER),
    (streams, Role.OPERATOR),
    (events, Role.MANAGER),
    (accounts, Role.ADMIN),
)
"""The rooms, each with the role that it needs; some routes in them ask for more, as telemetry does."""


def create_app(settings: Settings) -> FastAPI:
    """The application of a model package; opens it, and starts what runs with the lifespan.

    Raises what `open_twin` raises.
    """
    return assemble(open_twin(settings))


def assemble(twin: Twin, panels: Sequence[Panel] = PANELS) -> FastAPI:
    """The application of an open twin."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(twin), running_panels(app, twin, panels):
            yield

    app = describe_api(lifespan, panels)
    app.state.twin = twin
    app.state.sign_in_guard = SignInGuard()
    app.include_router(viewer.viewer_router(twin.settings.viewer_folder), dependencies=needing(Role.PUBLIC))
    check_access(app)
    _add_middleware(app, twin.settings)
    return app


class Api(FastAPI):
    """FastAPI with the problem detail, which no route names as its model, among the schemas."""

    def openapi(self) -> dict[str, Any]:
        """The description of the API."""
        description = super().openapi()
        schemas = description.setdefault("components", {}).setdefault("schemas", {})
        schemas.setdefault(PROBLEM_SCHEMA, ProblemOut.model_json_schema())
        return description


def describe_api(lifespan: Lifespan[FastAPI] | None = None, panels: Sequence[Panel] = PANELS) -> FastAPI:
    """The routes alone, without a twin behind them: enough to write OpenAPI from."""
    app = Api(
        title=TITLE,
        description=DESCRIPTION,
        version=health.server_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    add_problem_handlers(app)
    for room, role in ROOMS:
        app.include_router(room.router, dependencies=needing(role))
    for panel in panels:
        app.include_router(panel.router)
    return app


def needing(role: Role) -> list[params.Depends]:
    """The dependencies of a router whose every route needs a role."""
    return [Depends(requires(role))]


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """Inside first: what is added last sees a request first."""
    app.add_middleware(CompressApi)
    app.add_middleware(BodyLimit, limit_bytes=settings.body_limit_bytes)
    app.add_middleware(SameSiteWrites, allowed_origins=settings.allowed_origins)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.allowed_origins),
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type"],
        )
    app.add_middleware(LastResort)
    app.add_middleware(SecurityHeaders)
