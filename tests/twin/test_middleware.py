"""The middleware around a tiny application, without a socket."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from twin.http.middleware import BodyLimit, CompressApi, LastResort, SameSiteWrites, SecurityHeaders

LIMIT = 100


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def fail(_: Request) -> Response:
    raise RuntimeError("a secret detail")


async def fail_midway(_: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield b"begun"
        raise RuntimeError("a secret detail")

    return StreamingResponse(parts())


async def own_policy(_: Request) -> Response:
    return PlainTextResponse("x", headers={"content-security-policy": "default-src 'none'"})


async def long_answer(_: Request) -> Response:
    return JSONResponse(["abc"] * 1000)


ROUTES = [
    Route("/echo", echo, methods=["GET", "POST", "PUT"]),
    Route("/fail", fail),
    Route("/midway", fail_midway),
    Route("/own", own_policy),
    Route("/api/long", long_answer),
    Route("/long", long_answer),
]
APP = Starlette(routes=ROUTES)
GUARDED = Starlette(routes=ROUTES, middleware=[Middleware(LastResort)])


def client(app: ASGIApp) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://twin.test")


@pytest.mark.parametrize(("size", "status"), [(0, 200), (LIMIT, 200), (LIMIT + 1, 413), (10 * LIMIT, 413)])
async def test_a_declared_length_over_the_limit_is_refused(size: int, status: int) -> None:
    async with client(BodyLimit(APP, LIMIT)) as http:
        answer = await http.post("/echo", content=b"x" * size)
    assert answer.status_code == status


@pytest.mark.parametrize(("parts", "status"), [(2, 200), (3, 413)])
async def test_a_streamed_body_is_counted(parts: int, status: int) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(parts):
            yield b"x" * 50

    async with client(BodyLimit(APP, LIMIT)) as http:
        answer = await http.post("/echo", content=body())
    assert answer.status_code == status


@pytest.mark.parametrize("length", ["-1", "many", "１２", "9" * 400])
async def test_a_length_that_is_none_breaks_nothing(length: str) -> None:
    async with client(BodyLimit(APP, LIMIT)) as http:
        answer = await http.post("/echo", content=b"x", headers={b"content-length": length.encode()})
    assert answer.status_code in (200, 413)


async def test_a_failure_is_answered_without_its_trace() -> None:
    async with client(GUARDED) as http:
        answer = await http.get("/fail")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


async def test_a_failure_after_the_response_began_is_not_answered_again() -> None:
    async with client(GUARDED) as http:
        answer = await http.get("/midway")
    assert answer.status_code == 200
    assert answer.content == b"begun"


@pytest.mark.parametrize(
    ("method", "origin", "status"),
    [
        ("POST", None, 200),
        ("POST", "http://twin.test", 200),
        ("POST", "http://wall.test", 200),
        ("POST", "http://evil.test", 403),
        ("PUT", "http://evil.test", 403),
        ("POST", "null", 403),
        ("POST", "http://twin.test.evil.test", 403),
        ("POST", "http://twin.test:81", 403),
        ("GET", "http://evil.test", 200),
    ],
)
async def test_writes_from_other_sites_are_refused(method: str, origin: str | None, status: int) -> None:
    async with client(SameSiteWrites(APP, ["http://wall.test"])) as http:
        answer = await http.request(method, "/echo", headers={} if origin is None else {"origin": origin})
    assert answer.status_code == status


async def test_every_answer_carries_the_security_headers_unless_it_has_its_own() -> None:
    async with client(SecurityHeaders(APP)) as http:
        plain, own = await http.get("/echo"), await http.get("/own")
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in plain.headers["content-security-policy"]
    assert "unsafe-inline" not in plain.headers["content-security-policy"].split("style-src")[0]
    assert own.headers["content-security-policy"] == "default-src 'none'"


async def test_the_apis_answers_are_compressed_and_files_are_left_alone() -> None:
    async with client(CompressApi(APP)) as http:
        api, other = await http.get("/api/long"), await http.get("/long")
    assert api.headers.get("content-encoding") == "gzip"
    assert "content-encoding" not in other.headers
    assert api.json() == other.json()
