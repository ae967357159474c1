"""What was recorded, as a Parquet file, from a real server."""

import io
import time
from typing import Any

import duckdb
import httpx
import pyarrow.parquet
import pytest

from tests.contract.test_history import get, now, told

PATH = "/api/history.parquet"


@pytest.fixture(scope="module")
def seen(server: Any) -> tuple[str, str]:
    """From when to when there are three readings at least."""
    with httpx.Client(base_url=server.url) as client:
        first = told(client, 10.0)
        for value in (20.5, 30.0):
            time.sleep(0.05)
            told(client, value)
    return first, now()


def table_of(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return pyarrow.parquet.read_table(io.BytesIO(answer.content))


def test_a_points_samples_are_those_of_its_history(http: httpx.Client, seen: tuple[str, str]) -> None:
    span = {"from": seen[0], "to": seen[1]}
    answer = http.get(PATH, params={**span, "device": "L-01", "point": "level"})
    rows = table_of(answer).to_pylist()
    items = get(http, "/api/history/L-01/level", max_points=0, **span)["items"]
    assert [row["value"] for row in rows] == [item["value"] for item in items]
    assert len(rows) >= 2
    assert [row["time"].isoformat(timespec="milliseconds") for row in rows] == [
        item["time"].replace("Z", "+00:00") for item in items
    ]
    assert {(row["device"], row["point"], row["unit"]) for row in rows} == {("L-01", "level", "%")}


def test_all_of_a_time_is_read_by_duckdb(http: httpx.Client, seen: tuple[str, str], tmp_path: Any) -> None:
    answer = http.get(PATH, params={"from": seen[0], "to": seen[1]})
    name = answer.headers["content-disposition"].partition('filename="')[2].rstrip('"')
    assert name.startswith("history-")
    assert name.endswith("Z.parquet")
    (tmp_path / name).write_bytes(answer.content)
    found = duckdb.sql(f"select max(value) from '{tmp_path / name}' where point = 'level'").fetchall()
    assert found == [(30.0,)]
    assert answer.headers["cache-control"] == "no-store"


def test_a_class_a_space_and_a_storey_choose_points(http: httpx.Client, seen: tuple[str, str]) -> None:
    span = {"from": seen[0], "to": seen[1]}
    point = next(
        each
        for each in get(http, "/api/points")["items"]
        if (each["device"], each["point"]) == ("L-01", "level")
    )
    of_class = table_of(http.get(PATH, params={**span, "class": point["class"]}))
    assert "level" in of_class.column("point").to_pylist()
    met = 0
    for kind in ("space", "storey"):
        for place in get(http, f"/api/{kind}s")["items"]:
            there = {each["device"] for each in get(http, "/api/devices", **{kind: place["guid"]})["items"]}
            answer = http.get(PATH, params={**span, kind: place["guid"]})
            assert (answer.status_code == 200) == bool(there)
            if there:
                met += 1
                assert set(table_of(answer).column("device").to_pylist()) <= there
    assert met > 0


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ({"device": "nobody"}, 404, None),
        ({"max": 1}, 400, "too-many-samples"),
        ({"max": 0}, 422, None),
        ({"space": "nowhere"}, 404, None),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, 400, None),
    ],
)
def test_what_cannot_be_given_is_a_problem(
    http: httpx.Client, seen: tuple[str, str], query: dict[str, Any], status: int, reason: str | None
) -> None:
    answer = http.get(PATH, params={"from": seen[0], "to": seen[1], **query})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json().get("reason") == reason
