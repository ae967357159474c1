"""The API's description at `/docs`, from files of our own: a control room has no internet.

Swagger UI comes with the package fastapi-offline. The page has no inline script, so that the content security
policy holds here too.
"""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse

from twin.errors import NotFoundError
from twin.http.files import file_response, file_within

ASSETS = Path(str(files("fastapi_offline"))) / "static"
CACHE_A_DAY = "public, max-age=86400"

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Venue Twin API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs_page() -> HTMLResponse:
    """The page."""
    return HTMLResponse(PAGE)


@router.get("/docs/start.js")
def docs_start() -> Response:
    """What starts Swagger UI on the page."""
    return Response(START, media_type="text/javascript; charset=utf-8")


@router.get("/docs/assets/{name}")
def docs_asset(request: Request, name: str) -> Response:
    """Swagger UI's own files."""
    path = file_within(ASSETS, name)
    if path is None:
        raise NotFoundError(f"no file '{name}' belongs to the API's description")
    return file_response(request, path, CACHE_A_DAY)
