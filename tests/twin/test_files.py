from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from twin.http.files import file_response, file_within, variant_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "inside"
    (folder / "tiles").mkdir(parents=True)
    (folder / "tiles" / "a.glb").write_bytes(b"plain")
    (folder / "tiles" / "a.glb.br").write_bytes(b"br")
    (folder / "tiles" / "a.glb.gz").write_bytes(b"gz")
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "tiles/../../secret",
        "/etc/passwd",
        "link",
        "tiles",
        "",
        ".",
        "nothing",
        "a\0b",
        "x" * 5000,
        "..\\secret",
        "tiles/a.glb/x",
    ],
)
def test_nothing_outside_the_folder_is_a_file_in_it(root: Path, name: str) -> None:
    assert file_within(root, name) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(st.sampled_from(["..", ".", "tiles", "a.glb", "secret", "inside", "", "link"]), max_size=7)
)
def test_no_path_leads_out(root: Path, parts: list[str]) -> None:
    found = file_within(root, "/".join(parts))
    assert found is None or found.is_relative_to(root)


@pytest.mark.parametrize(("accept", "coding"), [("br, gzip", "br"), ("gzip", "gzip"), ("", None)])
def test_the_precompressed_form_is_taken(root: Path, accept: str, coding: str | None) -> None:
    variant = variant_of(root / "tiles" / "a.glb", accept)
    assert variant.coding == coding
    assert variant.path.read_bytes() == {"br": b"br", "gzip": b"gz", None: b"plain"}[coding]


def answer_headers(path: Path, revision: str, **headers: str) -> tuple[int, dict[str, str]]:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    answer = file_response(
        Request({"type": "http", "method": "GET", "headers": raw}), path, "no-cache", revision
    )
    return answer.status_code, dict(answer.headers)


def test_headers_of_a_tile(root: Path) -> None:
    path = root / "tiles" / "a.glb"
    status, headers = answer_headers(path, "r1", accept_encoding="br")
    assert (status, headers["content-type"]) == (200, "model/gltf-binary")
    assert (headers["content-encoding"], headers["vary"]) == ("br", "Accept-Encoding")
    assert answer_headers(path, "r1", accept_encoding="br", if_none_match=headers["etag"])[0] == 304
    assert answer_headers(path, "r2", accept_encoding="br", if_none_match=headers["etag"])[0] == 200
    assert answer_headers(path, "r1", if_none_match=headers["etag"])[0] == 200


def test_a_file_without_a_known_ending_is_bytes(root: Path) -> None:
    (root / "odd.xyz").write_bytes(b"?")
    assert answer_headers(root / "odd.xyz", "")[1]["content-type"] == "application/octet-stream"
