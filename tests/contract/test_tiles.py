"""Tiles as the viewer and its caches see them."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import httpx
import pytest


def uris(tile: dict[str, Any]) -> Iterator[str]:
    content = tile.get("content")
    if content:
        yield content["uri"]
    for child in tile.get("children", ()):
        yield from uris(child)


@pytest.fixture
def tileset_url(http: httpx.Client) -> str:
    url: str = http.get("/api/model").json()["tileset_url"]
    return url


@pytest.fixture
def content_url(http: httpx.Client, tileset_url: str) -> str:
    tileset = http.get(tileset_url).json()
    return tileset_url.rsplit("/", 1)[0] + "/" + next(uris(tileset["root"]))


def test_every_tile_that_the_tileset_names_is_served(http: httpx.Client, tileset_url: str) -> None:
    tileset = http.get(tileset_url).json()
    names = list(uris(tileset["root"]))
    assert names
    for base in (tileset_url.rsplit("/", 1)[0], "/tiles"):
        for name in names:
            answer = http.get(f"{base}/{name}")
            assert answer.headers["content-type"] == "model/gltf-binary"
            assert answer.content[:4] == b"glTF"


@pytest.mark.parametrize(
    ("accept", "coding"), [("br", "br"), ("gzip", "gzip"), ("gzip, br", "br"), ("", None)]
)
def test_a_tile_comes_in_the_best_coding(
    http: httpx.Client, house: Path, content_url: str, accept: str, coding: str | None
) -> None:
    with http.stream("GET", content_url, headers={"accept-encoding": accept}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == coding
    assert "Accept-Encoding" in answer.headers["vary"]
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert unpack(raw) == (house / content_url.removeprefix("/tiles/")).read_bytes()
    assert int(answer.headers["content-length"]) == len(raw)


def test_what_its_name_or_a_revision_tells_is_kept_for_ever_and_the_rest_asked_for(
    http: httpx.Client, tileset_url: str, content_url: str
) -> None:
    for url in (tileset_url, content_url):
        assert "immutable" in http.get(url).headers["cache-control"]
    assert http.get("/tiles/tileset.json").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("which", ["tileset", "content"])
def test_who_has_it_already_gets_304(
    http: httpx.Client, tileset_url: str, content_url: str, which: str
) -> None:
    url = {"tileset": tileset_url, "content": content_url}[which]
    etag = http.get(url).headers["etag"]
    again = http.get(url, headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert http.get(url, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize("which", ["tileset", "content"])
def test_head_is_get_without_a_body(
    http: httpx.Client, tileset_url: str, content_url: str, which: str
) -> None:
    url = {"tileset": tileset_url, "content": content_url}[which]
    head, got = http.head(url), http.get(url)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag", "cache-control"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize(
    "name",
    [
        "../model.db",
        "..%2fmodel.db",
        "%2e%2e/model.db",
        "tiles/../model.db",
        "tiles/..%2f..%2fetc/passwd",
        "model.db",
        "manifest.json",
        "boxes.idx",
        "plans/0.json",
        "//etc/passwd",
        "tiles/",
        "tiles/%00.glb",
        "tiles/x.glb.br",
    ],
)
def test_nothing_but_tiles_is_served(http: httpx.Client, name: str) -> None:
    answer = http.get(httpx.URL(http.base_url.join("/"), raw_path=f"/tiles/{name}".encode()))
    assert answer.status_code == 404
    assert b"SQLite" not in answer.content
    assert b"root:" not in answer.content


def test_a_tile_has_the_same_address_in_every_revision(content_url: str, house: Path) -> None:
    revision = json.loads((house / "manifest.json").read_bytes())["revision"]
    assert revision not in content_url


@pytest.mark.parametrize(
    "url", ["/tiles/ffffffffffff/tileset.json", "/tiles/tileset.json?revision=ffffffffffff"]
)
def test_an_older_revision_is_gone(http: httpx.Client, url: str) -> None:
    answer = http.get(url)
    assert answer.status_code == 410
    assert "/api/model" in answer.json()["detail"]


def test_the_columns_are_compressed_and_cached_by_their_tag(http: httpx.Client) -> None:
    plain = http.get("/api/model/columns", headers={"accept-encoding": "identity"})
    packed = http.get("/api/model/columns", headers={"accept-encoding": "br"})
    assert packed.headers["content-encoding"] == "br"
    assert packed.json() == plain.json() == json.loads(plain.content)
    tag = packed.headers["etag"]
    again = http.get("/api/model/columns", headers={"accept-encoding": "br", "if-none-match": tag})
    assert again.status_code == 304
