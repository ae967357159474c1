"""The table of access: which role each route of an application needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from twin.accounts.roles import Role
from twin.http.identity import Requirement


@dataclass(frozen=True, slots=True)
class Access:
    """A route and the role that it needs; `role` None: it says none. Streams have the method `WS`."""

    method: str
    path: str
    role: Role | None


def access_table(app: FastAPI) -> list[Access]:
    """Every route of ours; the description of the API, which the framework serves, is open to everyone."""
    return [
        Access(method, str(route.path), needed_role(route.dependant))
        for route in iter_route_contexts(app.routes)
        if isinstance(route.original_route, APIRoute | APIWebSocketRoute)
        for method in sorted(route.methods or {"WS"})
    ]


def needed_role(dependant: Dependant) -> Role | None:
    """The highest role that a route's dependencies ask for; None: they ask for none."""
    return max((found.role for found in _requirements(dependant)), default=None)


def check_access(app: FastAPI) -> None:
    """Raise RuntimeError where a route says no role: it would be open to everyone by oversight."""
    silent = [f"{each.method} {each.path}" for each in access_table(app) if each.role is None]
    if silent:
        raise RuntimeError(f"routes that say no role (see twin.http.identity.requires): {', '.join(silent)}")


def _requirements(dependant: Dependant) -> Iterator[Requirement]:
    call: Any = dependant.call
    if isinstance(call, Requirement):
        yield call
    for inner in dependant.dependencies:
        yield from _requirements(inner)
