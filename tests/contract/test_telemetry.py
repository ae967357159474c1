"""`POST /api/telemetry` with everything that devices get wrong, and bindings."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest

from telemetry_bridge.wire import Frame, Kind, encode_frame
from tests.contract.running import RunningServer
from tests.contract.small_house import guid_of

GOOD = {"device": "L-01", "point": "status", "value": "on"}


def post(http: httpx.Client, *samples: Any) -> Any:
    answer = http.post("/api/telemetry", json={"samples": list(samples)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def reading(http: httpx.Client, device: str, point: str) -> dict[str, Any]:
    items = http.get("/api/state").json()["items"]
    found: dict[str, Any] = next(each for each in items if (each["device"], each["point"]) == (device, point))
    return found


@pytest.fixture(autouse=True)
def still_up(server: RunningServer, http: httpx.Client) -> Iterator[None]:
    yield
    assert server.process.poll() is None
    assert http.get("/api/health").json()["status"] == "ok"
    assert "Traceback" not in server.log.read_text()


def test_samples_are_taken_and_seen(http: httpx.Client) -> None:
    temperature = {"device": "R1-T", "point": "temperature", "value": 21.5}
    assert post(http, GOOD, temperature) == {"accepted": 2, "refused_count": 0, "refused": []}
    lamp = reading(http, "L-01", "status")
    assert (lamp["value"], lamp["state"], lamp["quality"]) == (1.0, "on", "good")
    assert lamp["time"].endswith("Z")
    element = http.get(f"/api/elements/{guid_of('R1')}").json()
    (point,) = element["points"]
    assert (point["value"], point["unit"]) == (21.5, "degC")


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"device": "L-01", "point": "status", "value": [1]}, "bad_value"),
        ({"device": "L-01", "point": "status", "value": "purple"}, "unknown_state"),
        ({"device": "nobody", "point": "status", "value": 1}, "unknown_device"),
        ({"device": "L-01", "point": "nothing", "value": 1}, "unknown_point"),
        ({"device": 7, "point": "status", "value": 1}, "wrong_shape"),
        ({"device": "L-01", "point": "status"}, "wrong_shape"),
        ({"device": "L-01", "point": "status", "value": 1, "time": "tomorrow"}, "bad_time"),
        ({"device": "L-01", "point": "status", "value": 1, "time": "2999-01-01T00:00:00Z"}, "future"),
        ({"device": "L-01", "point": "status", "value": 1, "time": "1999-01-01T00:00:00Z"}, "too_old"),
        ("not even an object", "wrong_shape"),
        (None, "wrong_shape"),
    ],
)
def test_a_bad_sample_is_named_and_the_good_ones_are_kept(http: httpx.Client, bad: Any, code: str) -> None:
    level = {"device": "L-02", "point": "level", "value": 40}
    answer = post(http, GOOD, bad, level)
    assert answer["accepted"] == 2
    (refused,) = answer["refused"]
    assert (refused["index"], refused["code"]) == (1, code)
    assert refused["reason"]
    assert reading(http, "L-02", "level")["value"] == 40


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_literals_that_are_no_numbers_cost_only_themselves(http: httpx.Client, literal: str) -> None:
    body = (
        '{"samples": [{"device": "L-01", "point": "level", "value": 55},'
        f'{{"device": "R1-T", "point": "temperature", "value": {literal}}}]}}'
    )
    answer = http.post("/api/telemetry", content=body)
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert [each["code"] for each in answer.json()["refused"]] == ["bad_value"]
    assert reading(http, "L-01", "level")["value"] == 55


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"samples": {}}', 400),
        (b"\xff\xfe", 400),
        (b'{"samples": ' + b"[" * 50_000, 400),
        (b"x" * 9_000_000, 413),
        (b"x" * 10_500_000, 413),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem(http: httpx.Client, body: bytes, status: int) -> None:
    answer = http.post("/api/telemetry", content=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_value_outside_the_range_is_shown_as_bad(http: httpx.Client) -> None:
    post(http, {"device": "R1-T", "point": "temperature", "value": 250})
    shown = reading(http, "R1-T", "temperature")
    assert (shown["value"], shown["quality"]) == (250, "bad")


def test_a_late_sample_does_not_undo_a_newer_one(http: httpx.Client) -> None:
    earlier = (datetime.now(UTC) - timedelta(seconds=20)).isoformat()
    post(http, {"device": "L-02", "point": "status", "value": "fault"})
    assert post(http, {"device": "L-02", "point": "status", "value": "off", "time": earlier})["accepted"] == 1
    assert reading(http, "L-02", "status")["state"] == "fault"


def test_a_page_of_another_site_may_not_write(http: httpx.Client) -> None:
    for origin in ("http://evil.example", "null"):
        answer = http.post("/api/telemetry", json={"samples": [GOOD]}, headers={"origin": origin})
        assert answer.status_code == 403
    own = str(http.base_url).rstrip("/")
    assert http.post("/api/telemetry", json={"samples": [GOOD]}, headers={"origin": own}).status_code == 200


def test_a_device_is_bound_anew_and_back(http: httpx.Client) -> None:
    door = guid_of("Door 1F")
    answer = http.put("/api/bindings", json={"items": [{"device": "R1-T", "element": door}]})
    assert answer.status_code == 200
    bound = {each["device"]: each["element"] for each in answer.json()["items"]}
    assert bound == {"L-01": guid_of("L-01"), "L-02": guid_of("L-02"), "R1-T": door}
    assert [each["device"] for each in http.get(f"/api/elements/{door}").json()["devices"]] == ["R1-T"]
    assert http.get("/api/points").json()["items"][4]["element"] == door
    none = http.put("/api/bindings", json=[{"device": "R1-T", "element": None}]).json()
    assert none["unbound"] == ["R1-T"]
    http.put("/api/bindings", json={"items": [{"device": "R1-T", "element": guid_of("R1")}]})
    assert http.get("/api/bindings").json()["unbound"] == []


def test_bindings_are_taken_whole_or_not_at_all(http: httpx.Client) -> None:
    before = http.get("/api/bindings").json()
    changes = [
        {"device": "L-01", "element": None},
        {"device": "nobody", "element": None},
        {"device": "L-02", "element": "nothing"},
    ]
    answer = http.put("/api/bindings", json={"items": changes})
    assert answer.status_code == 422
    assert [fault["where"] for fault in answer.json()["errors"]] == ["binding 1", "binding 2"]
    assert http.get("/api/bindings").json() == before


@pytest.mark.parametrize("body", ["{}", "[1]", '{"items": 3}', "nonsense", '{"items": [{"device": "L-01"}]}'])
def test_bindings_of_a_wrong_shape_are_a_problem(http: httpx.Client, body: str) -> None:
    answer = http.put("/api/bindings", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_columns_and_frames_are_taken_as_samples_are(http: httpx.Client) -> None:
    columns = {"point": ["L-01/status", "R1-T/temperature", "L-01/nothing"], "value": [1, 22.5, 0]}
    answer = http.post("/api/telemetry", json={"columns": columns}).json()
    assert (answer["accepted"], answer["refused_count"]) == (2, 1)
    assert [(each["index"], each["code"]) for each in answer["refused"]] == [(2, "unknown_point")]
    assert reading(http, "R1-T", "temperature")["value"] == 22.5

    numbers = http.get("/api/model").json()["registry"]
    point = next(each for each in http.get("/api/state").json()["items"] if each["device"] == "R1-T")
    now_ms = datetime.now(UTC).timestamp() * 1000
    index, value = np.array([point["point_index"]], np.uint32), np.array([23.5])
    frame = encode_frame(Frame(Kind.DELTA, 1, now_ms, index, value, np.zeros(1, np.uint8)))
    headers = {"content-type": "application/vnd.venue-twin.frame"}
    sent = http.post("/api/telemetry", content=frame, headers=headers, params={"registry": numbers})
    assert sent.json() == {"accepted": 1, "refused_count": 0, "refused": []}
    assert reading(http, "R1-T", "temperature")["value"] == 23.5
    for registry, content in (("0" * 12, frame), (numbers, frame[:-1])):
        refused = http.post("/api/telemetry", content=content, headers=headers, params={"registry": registry})
        assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")


def test_a_sample_that_was_long_under_way_is_no_wrong_clock(http: httpx.Client) -> None:
    old = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    post(http, {**GOOD, "time": old})
    assert http.get("/api/bridge").json()["clocks"] == []
