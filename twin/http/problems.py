"""Every failure leaves the server as a problem detail (RFC 9457), never as a stack trace."""

from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.websockets import WebSocket

from twin.errors import (
    FOREIGN_PROBLEMS,
    DatabaseAwayError,
    Problem,
    RequestError,
    SignInError,
    TooManyError,
    problem_of,
    problem_of_foreign,
    problem_of_status,
)
from twin.http.identity import refuse_stream
from twin.store.away import why_away

LOG = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
PROBLEM_SCHEMA = "Problem"


class ProblemOut(BaseModel):
    """A problem detail (RFC 9457)."""

    model_config = ConfigDict(title=PROBLEM_SCHEMA)

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, Any]] | None = None
    reason: str | None = None
    named: dict[str, str | int] | None = None


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "The request cannot be answered as asked.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{PROBLEM_SCHEMA}"}}},
    }
}


def problem_response(problem: Problem, path: str) -> Response:
    """The response that carries a problem."""
    return Response(orjson.dumps(problem.body(path)), problem.status, media_type=MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Turn our errors and the framework's into problems; `middleware.LastResort` has all others."""
    app.add_exception_handler(RequestError, _on_request_error)
    for kind, _, _ in FOREIGN_PROBLEMS:
        app.add_exception_handler(kind, _on_foreign_error)
    for away in (DBAPIError, PoolTimeoutError, ConnectionError):
        app.add_exception_handler(away, _on_database_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)


async def _on_request_error(connection: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)  # the table above maps this type alone
    response = problem_response(problem_of(error), connection.url.path)
    if isinstance(connection, WebSocket):  # what the framework's types leave out
        await refuse_stream(connection, error)
        return response  # nobody looks at it
    if isinstance(error, SignInError):
        response.headers["www-authenticate"] = "Bearer"  # RFC 9110, 11.6.1
    if isinstance(error, TooManyError):
        response.headers["retry-after"] = str(error.wait_s)
    return response


def _on_foreign_error(request: Request, error: Exception) -> Response:
    return problem_response(problem_of_foreign(error), request.url.path)


def _on_database_error(request: Request, error: Exception) -> Response:
    """A database that is full, read-only or away; what a statement of ours did wrong is raised again."""
    why = why_away(error)
    if why is None:
        raise error
    LOG.warning("the database cannot be used", path=request.url.path, reason=str(error).splitlines()[0])
    return problem_response(problem_of(DatabaseAwayError(why)), request.url.path)


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"nothing is served at {request.url.path}; the API is described at /docs"
    response = problem_response(problem_of_status(error.status_code, detail), request.url.path)
    response.headers.update(error.headers or {})
    return response


def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = tuple(
        {"where": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
        for item in error.errors()
    )
    detail = "; ".join(f"{fault['where']}: {fault['message']}" for fault in faults[:5])
    problem = Problem(422, "invalid-request", "Invalid request", detail, faults)
    return problem_response(problem, request.url.path)
