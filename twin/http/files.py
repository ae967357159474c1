"""Files of a folder over HTTP: precompressed siblings, entity tags, no way out of the folder."""

import os
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from twin.http.encoded import etag_matches, pick_encoding

SUFFIX_OF_ENCODING = {"br": ".br", "gzip": ".gz"}
MEDIA_TYPES = {
    ".glb": "model/gltf-binary",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
    ".map": "application/json",
}
FALLBACK_MEDIA_TYPE = "application/octet-stream"

FOREVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"


@dataclass(frozen=True, slots=True)
class Variant:
    """One stored form of a file: as it is (`coding` None), or precompressed."""

    path: Path
    coding: str | None
    stat: os.stat_result


def file_within(root: Path, name: str) -> Path | None:
    """The regular file `name` below `root`, or None: absent, a folder, or a way out of `root`."""
    try:
        path = (root / name).resolve()
        inside = path.is_relative_to(root.resolve())
        return path if inside and path.is_file() else None
    except (OSError, ValueError):  # a name that no file system takes: too long, or with a NUL
        return None


def variant_of(path: Path, accept_encoding: str) -> Variant:
    """The form of a file that a client wants most, of those on disk. Raises OSError when the file is gone."""
    stored = {
        coding: sibling
        for coding, suffix in SUFFIX_OF_ENCODING.items()
        if (sibling := path.with_name(path.name + suffix)).is_file()
    }
    coding = pick_encoding(accept_encoding, stored)
    chosen = stored[coding] if coding else path
    return Variant(chosen, coding, chosen.stat())


def file_response(request: Request, path: Path, cache_control: str, revision: str = "") -> Response:
    """The answer to a GET or HEAD of a file that `file_within` gave.

    `revision` stands in the entity tag, so that two revisions never share one.
    """
    variant = variant_of(path, request.headers.get("accept-encoding", ""))
    stat = variant.stat
    etag = f'"{revision}-{stat.st_mtime_ns:x}-{stat.st_size:x}-{variant.coding or "id"}"'
    headers = {"etag": etag, "vary": "Accept-Encoding", "cache-control": cache_control}
    if etag_matches(request, etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if variant.coding:
        headers["content-encoding"] = variant.coding
    media_type = MEDIA_TYPES.get(path.suffix.lower(), FALLBACK_MEDIA_TYPE)
    return FileResponse(variant.path, headers=headers, media_type=media_type, stat_result=stat)
