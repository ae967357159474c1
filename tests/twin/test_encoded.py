import gzip

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from twin.http.encoded import ENCODINGS, EncodedBody, etag_matches, pick_encoding


def request(method: str = "GET", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": method, "headers": raw})


@pytest.mark.parametrize(
    ("accept", "available", "expected"),
    [
        ("", ENCODINGS, None),
        ("gzip", ENCODINGS, "gzip"),
        ("gzip, deflate, br, zstd", ENCODINGS, "br"),
        ("gzip, deflate, br", ("gzip",), "gzip"),
        ("br", ("gzip",), None),
        ("gzip;q=1.0, br;q=0.5", ENCODINGS, "gzip"),
        ("br;q=0, gzip", ENCODINGS, "gzip"),
        ("*", ENCODINGS, "br"),
        ("*;q=0", ENCODINGS, None),
        ("br;q=0, *", ENCODINGS, "gzip"),
        ("identity, br;q=0.5", ENCODINGS, None),
        ("BR", ENCODINGS, "br"),
        ("br;q=much", ENCODINGS, None),
        ("br;q=nan", ENCODINGS, None),
    ],
)
def test_the_coding_is_the_best_that_both_sides_have(
    accept: str, available: tuple[str, ...], expected: str | None
) -> None:
    assert pick_encoding(accept, available) == expected


@given(
    accept=st.text(alphabet="abrgzip;q=,.01* ", max_size=60),
    available=st.sets(st.sampled_from(ENCODINGS)),
)
def test_no_header_gives_a_coding_that_is_not_there(accept: str, available: set[str]) -> None:
    assert pick_encoding(accept, available) in {None, *available}


@given(content=st.binary(max_size=500))
def test_every_coding_gives_the_same_bytes_back(content: bytes) -> None:
    body = EncodedBody(content, "text/plain")
    assert body.bytes_in(None) == content
    assert gzip.decompress(body.bytes_in("gzip")) == content
    assert brotli.decompress(body.bytes_in("br")) == content


def test_a_client_that_has_it_gets_304_and_another_coding_is_another_entity() -> None:
    body = EncodedBody(b"x" * 100, "text/plain")
    plain = body.response(request())
    packed = body.response(request(accept_encoding="br"))
    assert packed.headers["content-encoding"] == "br"
    assert plain.headers["etag"] != packed.headers["etag"]
    again = body.response(request(accept_encoding="br", if_none_match=packed.headers["etag"]))
    assert (again.status_code, again.body) == (304, b"")
    assert body.response(request(if_none_match=packed.headers["etag"])).status_code == 200


def test_head_tells_the_length_without_the_body() -> None:
    answer = EncodedBody(b"12345", "text/plain").response(request("HEAD"))
    assert (answer.body, answer.headers["content-length"]) == (b"", "5")


@pytest.mark.parametrize(
    ("header", "expected"), [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False)]
)
def test_if_none_match(header: str, expected: bool) -> None:
    assert etag_matches(request(if_none_match=header), '"a"') is expected
