"""Content negotiation of encodings, and bodies that are compressed once and sent many times."""

import gzip
import hashlib
from collections.abc import Collection
from functools import cached_property
from http import HTTPStatus

import brotli  # type: ignore[import-untyped]
from starlette.requests import Request
from starlette.responses import Response

ENCODINGS = ("br", "gzip")
"""The codings that we have, best first."""


def pick_encoding(accept_encoding: str, available: Collection[str]) -> str | None:
    """The best available coding that an Accept-Encoding header allows (RFC 9110, 12.5.3); None is identity.

    Among codings of equal weight the order of `ENCODINGS` decides.
    """
    weights = dict(_weighted(part) for part in accept_encoding.split(",") if part.strip())
    rated = [
        (weights.get(coding, weights.get("*", 0.0)), -rank, coding)
        for rank, coding in enumerate(ENCODINGS)
        if coding in available
    ]
    weight, _, coding = max(rated, default=(0.0, 0, ""))
    return coding if weight > 0 and weight >= weights.get("identity", 0.0) else None


def _weighted(part: str) -> tuple[str, float]:
    coding, _, parameter = part.partition(";")
    name, _, value = parameter.strip().partition("=")
    try:
        weight = float(value) if name.strip() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return coding.strip().lower(), weight


def etag_matches(request: Request, etag: str) -> bool:
    """Whether If-None-Match names this entity (weak comparison: RFC 9110, 13.1.2)."""
    header = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags


class EncodedBody:
    """Bytes that do not change, with each coding of them made at first need."""

    def __init__(self, content: bytes, media_type: str) -> None:
        self.content = content
        self.media_type = media_type
        self.digest = hashlib.sha256(content).hexdigest()[:16]

    @cached_property
    def _gzip(self) -> bytes:
        return gzip.compress(self.content, compresslevel=6, mtime=0)

    @cached_property
    def _brotli(self) -> bytes:
        compressed: bytes = brotli.compress(self.content, quality=5)
        return compressed

    def bytes_in(self, coding: str | None) -> bytes:
        """The body in a coding of `ENCODINGS`, or as it is."""
        if coding == "gzip":
            return self._gzip
        return self._brotli if coding == "br" else self.content

    def response(self, request: Request, cache_control: str = "no-cache") -> Response:
        """The answer to a GET or HEAD: 304 where the client has it, else in the best coding it takes."""
        coding = pick_encoding(request.headers.get("accept-encoding", ""), ENCODINGS)
        etag = f'"{self.digest}-{coding or "id"}"'
        headers = {"etag": etag, "vary": "Accept-Encoding", "cache-control": cache_control}
        if etag_matches(request, etag):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if coding:
            headers["content-encoding"] = coding
        body = self.bytes_in(coding)
        if request.method == "HEAD":
            return Response(headers=headers | {"content-length": str(len(body))}, media_type=self.media_type)
        return Response(body, headers=headers, media_type=self.media_type)
