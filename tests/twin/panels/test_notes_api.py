"""`/api/notes` over a running twin."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bim_pipeline.build import build_package
from tests.contract.small_house import SmallHouse, guid_of
from twin.app import create_app
from twin.settings import Settings

AT = "2026-03-14T19:40:00+08:00"
AT_UTC = "2026-03-14T11:40:00.000Z"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    work: Path = tmp_path_factory.mktemp("notes")
    build_package(SmallHouse().write(work / "house.ifc"), work / "house.twin", jobs=1)
    settings = Settings(package=work / "house.twin", data=work / "data", dev=True)
    with TestClient(create_app(settings), "http://127.0.0.1", client=("127.0.0.1", 40_000)) as client:
        yield client


def added(client: TestClient, **said: Any) -> dict[str, Any]:
    answer = client.post("/api/notes", json={"from": AT, **said})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_note_at_an_element_comes_back_as_it_was_written(client: TestClient) -> None:
    note = added(client, text=" 漏水 ", to="2026-03-14T12:00:00Z", element=guid_of("L-01"))
    assert (note["text"], note["from"], note["to"]) == ("漏水", AT_UTC, "2026-03-14T12:00:00.000Z")
    assert (note["author"], note["revision"], note["may_change"]) == ("dev", 1, True)
    element = client.get(f"/api/elements/{guid_of('L-01')}").json()
    assert note["element_index"] == element["element_index"]
    assert client.get(f"/api/notes/{note['id']}").json() == note
    listed = client.get("/api/notes", params={"element": guid_of("L-01")}).json()
    assert [each["id"] for each in listed["items"]] == [note["id"]]


def test_a_note_is_changed_once_and_removed(client: TestClient) -> None:
    note = added(client)
    path = f"/api/notes/{note['id']}"
    said = {"from": AT, "text": "先看到的", "revision": 1}
    assert client.put(path, json=said).json()["revision"] == 2
    refused = client.put(path, json={**said, "text": "后来的"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:venue-twin:problem:note-changed")
    assert client.delete(path, params={"revision": 1}).status_code == 409
    assert client.delete(path, params={"revision": 2}).status_code == 204
    assert client.get(path).status_code == 404
    types = [
        each["type"]
        for each in client.get("/api/events", params={"subject": f"note:{note['id']}"}).json()["items"]
    ]
    assert types == ["note.added", "note.changed", "note.removed"]


def test_the_list_comes_in_pages_that_lose_nothing(client: TestClient) -> None:
    made = [added(client, **{"from": f"2031-01-01T00:00:0{second}Z"})["id"] for second in (3, 1, 1, 2)]
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        query = {"from": "2031-01-01T00:00:00Z", "limit": 1, "cursor": cursor}
        page = client.get("/api/notes", params=query).json()
        found += [each["id"] for each in page["items"]]
        cursor = page["next"]
    assert found == [made[1], made[2], made[3], made[0]]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"from": "yesterday"}, 422),
        ({"from": "2026-03-14T19:40:00"}, 422),
        ({"to": AT}, 422),
        ({"text": "x" * 4001}, 422),
        ({"text": "a\0b"}, 422),
        ({"colour": "red"}, 422),
        ({"element": "0000000000000000000000"}, 404),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(
    client: TestClient, said: dict[str, Any], status: int
) -> None:
    answer = client.post("/api/notes", json={"from": AT, **said})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


@pytest.mark.parametrize("cursor", ["x", "12", "-", "1a-B"])
def test_a_cursor_of_another_list_is_refused(client: TestClient, cursor: str) -> None:
    assert client.get("/api/notes", params={"cursor": cursor}).status_code == 400
