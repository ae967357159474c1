"""What points did by minute, hour and day, as the API answers it."""

import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.contract.test_history import get, now, told

PATH = "/api/history/L-01/level/aggregates"


@pytest.fixture(scope="module")
def seen(server: Any) -> str:
    """Three readings, and when the first of them came."""
    with httpx.Client(base_url=server.url) as client:
        first = told(client, 10.0)
        for value in (20.5, 30.0):
            time.sleep(0.05)
            told(client, value)
    return first


@pytest.mark.parametrize("every", ["minute", "hour", "day"])
def test_buckets_hold_what_was_read(http: httpx.Client, seen: str, every: str) -> None:
    found = get(http, PATH, **{"from": seen, "to": now(), "every": every})
    assert (found["unit"], found["kind"], found["every"], found["states"]) == ("%", "gauge", every, [])
    bounds = [(each["from"], each["to"]) for each in found["items"]]
    assert bounds[0][0] <= seen < bounds[-1][1]
    assert [end for _, end in bounds[:-1]] == [begin for begin, _ in bounds[1:]]
    known = [each for each in found["items"] if each["count"]]
    assert sum(each["count"] for each in known) >= 3
    assert min(each["min"] for each in known) <= 10.0
    assert max(each["max"] for each in known) >= 30.0
    assert known[-1]["last"] == 30.0
    for each in known:
        assert each["min"] <= each["mean"] <= each["max"]
        assert each["known_s"] > 0
        assert (each["increase"], each["resets"], each["states_s"], each["state"]) == (None,) * 4


def test_several_points_in_one_answer(http: httpx.Client, seen: str) -> None:
    span = {"from": seen, "to": now()}
    found = get(http, "/api/aggregates", points="L-01/status, L-01/level", **span)["items"]
    assert [each["point"] for each in found] == ["status", "level"]
    assert found[0]["kind"] == "state"
    assert set(found[0]["items"][0]["states_s"]) == set(found[0]["states"])
    alone = get(http, PATH, **span)["items"]
    assert [each["from"] for each in found[1]["items"]] == [each["from"] for each in alone]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/history/L-01/nothing/aggregates", {}, 404),
        (PATH, {"every": "second"}, 422),
        (PATH, {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, 400),
        (PATH, {"from": "2026-01-01T00:00:00Z", "to": "2026-01-05T00:00:00Z", "every": "minute"}, 400),
        (PATH, {"from": "2006-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z", "every": "day"}, 400),
        (PATH, {"from": "0001-01-01T00:00:00Z", "to": "0001-01-02T00:00:00Z"}, 400),
        ("/api/aggregates", {"points": ","}, 400),
        ("/api/aggregates", {"points": "L-01"}, 404),
        ("/api/aggregates", {"points": ",".join(["L-01/level"] * 51)}, 400),
        ("/api/aggregates", {}, 422),
    ],
)
def test_what_cannot_be_answered_is_said(
    http: httpx.Client, path: str, query: dict[str, str], status: int
) -> None:
    answer = http.get(path, params=query)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_a_time_before_all_film_is_not_known(http: httpx.Client) -> None:
    span = {"from": "2001-01-01T00:00:00Z", "to": "2001-01-02T00:00:00Z"}
    items = get(http, PATH, **span)["items"]
    assert len(items) >= 24
    assert {(each["count"], each["known_s"], each["mean"]) for each in items} == {(0, 0.0, None)}
    assert datetime.fromisoformat(items[0]["from"]) <= datetime(2001, 1, 1, tzinfo=UTC)
