"""The viewer's files at `/`; unknown paths give its page, which finds its way itself."""

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from twin.errors import NotFoundError
from twin.http.files import ASK_FIRST, FOREVER, file_response, file_within

PAGE = "index.html"
HASHED_FOLDER = "assets/"
"""Where Vite puts files that carry their content's hash in their name."""
SERVER_PATHS = ("api", "tiles", "ws", "docs", "openapi.json")

NOT_BUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Venue Twin</title></head>
<body>
<h1>The server runs; the viewer has not been built</h1>
<p>Run <code>make setup</code> in the repository, then reload this page.
The API is described at <a href="/docs">/docs</a>.</p>
<h1 lang="zh">服务器已运行，但浏览器界面尚未构建</h1>
<p lang="zh">请在仓库目录运行 <code>make setup</code>，然后刷新本页。
接口说明见 <a href="/docs">/docs</a>。</p>
</body>
</html>
"""


def viewer_router(folder: Path) -> APIRouter:
    """Routes that serve the built viewer from `folder`; to be included last, as it takes every path."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/{name:path}", methods=["GET", "HEAD"])
    def viewer_file(request: Request, name: str) -> Response:
        return _answer(request, folder, name)

    return router


def _answer(request: Request, folder: Path, name: str) -> Response:
    path = file_within(folder, name) if name else None
    if path is not None:
        return file_response(request, path, FOREVER if name.startswith(HASHED_FOLDER) else ASK_FIRST)
    if _is_no_page(name):
        raise NotFoundError(f"nothing is served at /{name}; the API is described at /docs")
    page = file_within(folder, PAGE)
    if page is None:
        return HTMLResponse(NOT_BUILT, status_code=503)
    return file_response(request, page, ASK_FIRST)


def _is_no_page(name: str) -> bool:
    """Whether the viewer's page would be a wrong answer: the path is the server's own, or names a file."""
    return name.split("/", 1)[0] in SERVER_PATHS or "." in name.rsplit("/", 1)[-1]
