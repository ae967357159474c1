"""`/tiles`: the 3D Tiles of the model, precompressed.

A tile's name says what it holds: it is cached for ever, and a new revision moves only the tiles that it
changed. So is `tileset.json?revision=`; without a revision it is asked for again each time, as is any file
whose name does not tell its content. A revision can stand in the path as well: `/tiles/<revision>/...`.
"""

import re

from fastapi import APIRouter, Request, Response

from twin.errors import GoneError, NotFoundError
from twin.http.context import TwinDep
from twin.http.encoded import EncodedBody
from twin.http.files import ASK_FIRST, FOREVER, file_response, file_within
from twin.http.problems import PROBLEM_RESPONSES
from twin.runtime import Twin

TILESET = "tileset.json"
CONTENT = re.compile(r"tiles/[A-Za-z0-9_./-]+\.(glb|json|subtree)")
NAMED_BY_CONTENT = re.compile(r".+-[0-9a-f]{16}\.glb")
REVISION = re.compile(r"([0-9a-f]{12})/(.+)")

router = APIRouter(tags=["model"], responses=PROBLEM_RESPONSES)


@router.head("/tiles/{name:path}", include_in_schema=False)
@router.get(
    "/tiles/{name:path}",
    operation_id="getTile",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "model/gltf-binary": {}}}},
)
def get_tile(request: Request, twin: TwinDep, name: str, revision: str | None = None) -> Response:
    """`tileset.json`, or the content of a tile, of the revision that is served."""
    revised = REVISION.fullmatch(name)
    served = twin.package.manifest.revision
    wanted = revised[1] if revised is not None else revision
    if wanted is not None and wanted != served:
        raise GoneError(f"revision {wanted[:40]} is not served any more; ask /api/model for the present one")
    if not twin.watch.is_same_folder():
        raise GoneError("the package was rebuilt and the server still serves the old one; restart it")
    file = revised[2] if revised else name
    cache_control = FOREVER if wanted is not None or NAMED_BY_CONTENT.fullmatch(file) else ASK_FIRST
    if file == TILESET:
        return _tileset(twin).response(request, cache_control)
    path = file_within(twin.package.folder, file) if CONTENT.fullmatch(file) else None
    if path is None:
        raise NotFoundError(f"the model has no tile '{file[:200]}'")
    return file_response(request, path, cache_control, served)


def _tileset(twin: Twin) -> EncodedBody:
    return twin.cached(
        TILESET, lambda: EncodedBody((twin.package.folder / TILESET).read_bytes(), "application/json")
    )
