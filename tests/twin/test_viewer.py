"""The viewer's files at `/`, without a socket."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from twin.http.problems import add_problem_handlers
from twin.http.viewer import viewer_router


def client(folder: Path) -> httpx.AsyncClient:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_problem_handlers(app)
    app.include_router(viewer_router(folder))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://twin.test")


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><p>page</p>")
    (folder / "assets" / "main-1a2b.js").write_text("code")
    (folder / "assets" / "main-1a2b.js.br").write_bytes(b"packed")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.mark.parametrize("path", ["/", "/wall", "/storeys/1F", "/index.html"])
async def test_every_page_is_the_viewers_page(dist: Path, path: str) -> None:
    async with client(dist) as http:
        answer = await http.get(path)
    assert (answer.status_code, answer.text) == (200, "<!doctype html><p>page</p>")
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"


async def test_hashed_files_are_kept_for_ever_and_come_packed(dist: Path) -> None:
    async with client(dist) as http:
        answer = await http.head("/assets/main-1a2b.js", headers={"accept-encoding": "br"})
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "br"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/api/x", "/tiles", "/ws/other", "/missing.js", "/assets/gone-1.css", "/..%2fsecret.txt"]
)
async def test_the_page_is_no_answer_to_what_is_no_page(dist: Path, path: str) -> None:
    async with client(dist) as http:
        answer = await http.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_viewer_that_was_not_built_says_what_to_run(tmp_path: Path) -> None:
    async with client(tmp_path / "nowhere") as http:
        answer = await http.get("/")
    assert answer.status_code == 503
    assert "make setup" in answer.text
