"""`/api/alarms` over a running twin: from a reading that comes in to what a person is told and does."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from telemetry_bridge.ports import Reading
from tests.spatial.conftest import folder, guid_of, package
from twin.errors import VenueError
from twin.http import alarms, sightings
from twin.http.problems import add_problem_handlers
from twin.runtime import Twin, open_twin, running
from twin.settings import load_settings

__all__ = ["folder", "package"]

VENUE = {
    "venue.yaml": "id: x\nname: X\n",
    "device_types.yaml": """
lamp:
  name: {zh: 灯, en: Lamp}
  points:
    - name: status
      class: On_Off_Status
      states: [{key: "off", zh: 关, en: "Off"}, {key: fault, zh: 坏, en: Broken}]
    - {name: heat, class: Temperature_Sensor, unit: degC, range: [0, 200]}
camera: {name: {zh: 摄像机, en: Camera}, points: [{name: motion, class: Motion_Sensor}]}
""",
    "devices.csv": (
        "device,type,name_zh,name_en,guid,tag\n"
        f"L-01,lamp,灯一,Lamp 1,{guid_of(11)},\n"
        f"L-02,lamp,灯二,Lamp 2,{guid_of(12)},\n"
        f"C-HALL,camera,厅摄像机,Hall camera,{guid_of(13)},\n"
        f"C-OFFICE,camera,办公室摄像机,Office camera,{guid_of(10)},\n"
        f"C-UPPER,camera,楼上,Upstairs,{guid_of(7)},\n"
    ),
    "cameras.yaml": (
        "C-HALL: {position: [8, 2, 2.8], yaw_deg: 180, pitch_deg: 0, fov_deg: 80, range_m: 12}\n"
        "C-OFFICE: {position: [15, 2, 2.8], yaw_deg: 180, pitch_deg: 0, fov_deg: 80, range_m: 30}\n"
        "C-UPPER: {position: [8, 2, 2.8], yaw_deg: 180, pitch_deg: 0, fov_deg: 80, range_m: 12}\n"
    ),
    "rules.yaml": """
- id: broken
  name: {zh: 灯坏, en: Lamp broken}
  priority: low
  match: {point_class: On_Off_Status}
  condition: {state: fault}
  message: {zh: "{space} {device} {value}", en: "{device} in {space}: {value}"}
  cause_data: [heat]
- id: hot
  name: {zh: 灯热, en: Lamp hot}
  priority: critical
  match: {device: "L-*", point: heat, space_function: "*"}
  condition: {above: 90, hysteresis: 10}
  message: {zh: "{value} 高于 {limit}", en: "{value}, above {limit}"}
""",
}


def write_venue(target: Path, **changed: str) -> Path:
    target.mkdir()
    for name, text in (VENUE | {f"{stem}.yaml": text for stem, text in changed.items()}).items():
        (target / name).write_text(text, "utf-8")
    return target


class Desk:
    """A client of a twin that runs, and the telemetry that comes in."""

    def __init__(self, twin: Twin, http: httpx.AsyncClient) -> None:
        self.twin, self.http = twin, http
        self.stream = twin.hub.connect(lambda: None, max_events=10_000)

    async def read(self, device: str, point: str, value: Any) -> None:
        assert self.twin.bridge.accept([Reading(device, point, value)]).accepted == 1

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = await self.http.post(path, json=body) if body is not None else await self.http.post(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def listed(self, query: str = "") -> list[Any]:
        page = await self.get(f"/api/alarms{query}")
        items: list[Any] = page["items"]
        return items

    def told(self) -> list[str]:
        types: list[str] = []
        while (message := self.stream.take()) is not None:
            if isinstance(message.payload, str):
                types.append(json.loads(message.payload)["event"]["type"])
        return [each for each in types if each.startswith("alarm.")]


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


@asynccontextmanager
async def desk_of(folder: Path, venue: Path, data: Path) -> AsyncIterator[Desk]:
    twin = open_twin(load_settings({"package": folder, "venue": venue, "data": data}))
    app = FastAPI()
    app.state.twin = twin
    app.include_router(alarms.router)
    app.include_router(sightings.router)
    add_problem_handlers(app)
    async with running(twin):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://twin.test") as http:
            yield Desk(twin, http)


@pytest.fixture
async def desk(folder: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(folder, write_venue(tmp_path / "venue"), tmp_path / "data") as found:
        yield found


async def raised(desk: Desk, count: int = 1) -> list[Any]:
    async def there() -> bool:
        return len(await desk.listed()) == count

    await until(there)
    return await desk.listed()


async def test_from_a_reading_to_an_alarm_and_back(desk: Desk) -> None:
    await desk.read("L-01", "heat", 95)
    (alarm,) = await raised(desk)
    assert alarm["message"] == {"zh": "95°C 高于 90°C", "en": "95°C, above 90°C"}
    assert (alarm["priority"], alarm["state"]) == ("critical", "unacknowledged-active")
    assert (alarm["element"], alarm["element_index"]) == (guid_of(11), 11)
    assert (alarm["space"], alarm["storey"]) == (guid_of(4), guid_of(2))
    taken = await desk.post(f"/api/alarms/{alarm['id']}/acknowledge", {"comment": "去看看"})
    assert taken["state"] == "acknowledged-active"
    assert taken["acknowledged_by"].startswith("person:")
    await desk.read("L-01", "heat", 50)

    async def over() -> bool:
        return await desk.listed() == []

    await until(over)
    (closed,) = await desk.listed("?state=all")
    assert closed["closed"] is not None
    told: list[str] = []

    async def streamed() -> bool:
        told.extend(desk.told())
        return len(told) >= 4

    await until(streamed)
    assert told == ["alarm.raised", "alarm.acknowledged", "alarm.returned", "alarm.closed"]


async def test_an_alarm_in_full(desk: Desk) -> None:
    await desk.read("L-01", "heat", 60)
    await desk.read("L-01", "status", "fault")
    (alarm,) = await raised(desk)
    full = await desk.get(f"/api/alarms/{alarm['id']}")
    assert full["cause_data"] == {"heat": 60.0}
    assert full["message"]["en"] == "Lamp 1 in Badminton Hall: Broken"
    assert [event["type"] for event in full["events"]] == ["alarm.raised"]
    assert full["history"].startswith("/api/history/L-01/status?from=")
    assert [camera["device"] for camera in full["cameras"]] == ["C-HALL"]
    (camera,) = full["cameras"]
    assert camera["element"] == guid_of(13)
    assert camera["distance_m"] == pytest.approx(5.9, abs=0.15)
    asked = await desk.get(f"/api/elements/{alarm['element']}/cameras")
    assert asked["items"] == full["cameras"]
    unknown = await desk.get(f"/api/elements/{guid_of(9999)}/cameras", 404)
    assert unknown["type"] == "urn:venue-twin:problem:unknown-place"
    other = await desk.get("/api/alarms/nothing", 404)
    assert other["type"] == "urn:venue-twin:problem:not-found"


async def test_a_wrong_step_is_a_conflict_and_says_what_to_do(desk: Desk) -> None:
    await desk.read("L-01", "status", "fault")
    (alarm,) = await raised(desk)
    problem = await desk.post(f"/api/alarms/{alarm['id']}/close", status=409)
    assert problem["type"] == "urn:venue-twin:problem:alarm-state"
    assert "acknowledge or shelve" in problem["detail"]
    await desk.post(f"/api/alarms/{alarm['id']}/unshelve", status=409)
    await desk.post(f"/api/alarms/{alarm['id']}/shelve", {}, status=422)
    await desk.post(f"/api/alarms/{alarm['id']}/shelve", {"reason": "x", "minutes": -1}, status=422)
    past = {"reason": "x", "until": "2000-01-01T00:00:00Z"}
    await desk.post(f"/api/alarms/{alarm['id']}/shelve", past, status=400)
    await desk.post("/api/alarms/nothing/acknowledge", status=404)


async def test_several_are_taken_with_one_comment(desk: Desk) -> None:
    await desk.read("L-01", "status", "fault")
    await desk.read("L-02", "heat", 120)
    ids = [alarm["id"] for alarm in await raised(desk, 2)]
    await desk.post(f"/api/alarms/{ids[0]}/acknowledge")
    said = {"alarms": [*ids, "nothing"], "comment": "已知"}
    answer = await desk.post("/api/alarms/acknowledge", said)
    assert [(alarm["id"], alarm["state"]) for alarm in answer["items"]] == [(ids[1], "acknowledged-active")]
    assert [(each["alarm"], each["status"]) for each in answer["refused"]] == [
        (ids[0], 409),
        ("nothing", 404),
    ]
    assert "somebody has acknowledged it" in answer["refused"][0]["detail"]
    full = await desk.get(f"/api/alarms/{ids[1]}")
    assert full["events"][-1]["data"]["comment"] == "已知"
    await desk.post("/api/alarms/acknowledge", {"alarms": []}, status=422)
    await desk.post("/api/alarms/acknowledge", {"alarms": ["x"] * 1001}, status=422)


async def test_shelving_and_counts(desk: Desk) -> None:
    await desk.read("L-01", "status", "fault")
    await desk.read("L-02", "heat", 120)
    alarms = await raised(desk, 2)
    assert [alarm["priority"] for alarm in alarms] == ["critical", "low"]
    counts = await desk.get("/api/alarms/counts")
    one = {"total": 1, "unacknowledged": 1, "active": 1, "shelved": 0}
    assert (counts["critical"], counts["low"], counts["waiting"]) == (one, one, 0)
    shelved = await desk.post(f"/api/alarms/{alarms[1]['id']}/shelve", {"reason": "工程师已知", "minutes": 5})
    assert (shelved["state"], shelved["shelve_reason"]) == ("shelved", "工程师已知")
    counts = await desk.get("/api/alarms/counts")
    assert counts["low"] == {"total": 1, "unacknowledged": 0, "active": 0, "shelved": 1}
    back = await desk.post(f"/api/alarms/{alarms[1]['id']}/unshelve", {"comment": "again"})
    assert back["state"] == "unacknowledged-active"


async def test_the_list_can_be_narrowed(desk: Desk) -> None:
    await desk.read("L-01", "status", "fault")
    await desk.read("L-02", "heat", 120)
    first, second = await raised(desk, 2)
    assert await desk.listed("?priority=low") == [second]
    assert await desk.listed(f"?space={guid_of(6)}") == [first]
    assert len(await desk.listed(f"?storey={guid_of(2)}")) == 2
    assert await desk.listed(f"?storey={guid_of(3)}") == []
    assert await desk.listed("?device=L-01&state=unacknowledged-active") == [second]
    assert await desk.listed("?state=normal") == []
    assert await desk.listed("?to=2000-01-01T00:00:00Z") == []
    assert await desk.listed("?at=2000-01-01T00:00:00Z") == []
    page = await desk.get("/api/alarms?limit=1")
    assert page["items"] == [first]
    rest = await desk.get(f"/api/alarms?limit=1&cursor={page['next']}")
    assert (rest["items"], rest["next"]) == ([second], None)
    await desk.get("/api/alarms?cursor=x", 400)
    await desk.get("/api/alarms?state=shelved&at=2000-01-01T00:00:00Z", 400)
    await desk.get("/api/alarms?storey=nowhere", 404)
    await desk.get("/api/alarms?state=weird", 422)


async def test_the_rules_are_told(desk: Desk) -> None:
    rules = (await desk.get("/api/rules"))["items"]
    assert [(rule["id"], rule["points"]) for rule in rules] == [("broken", 2), ("hot", 2)]
    assert rules[1]["condition"]["limit"] == 90
    assert rules[0]["condition"]["states"] == ["fault"]


async def test_open_alarms_are_there_after_a_restart(folder: Path, tmp_path: Path) -> None:
    venue, data = write_venue(tmp_path / "venue"), tmp_path / "data"
    async with desk_of(folder, venue, data) as desk:
        await desk.read("L-01", "status", "fault")
        before = await raised(desk)
    async with desk_of(folder, venue, data) as desk:
        assert await desk.listed() == before
        await desk.read("L-01", "status", "fault")
        await desk.read("L-02", "status", "fault")
        assert [alarm["device"] for alarm in await raised(desk, 2)] == ["L-02", "L-01"]


def test_rules_that_do_not_fit_the_devices_stop_the_start(folder: Path, tmp_path: Path) -> None:
    wrong = VENUE["rules.yaml"].replace("state: fault", "state: burning")
    venue = write_venue(tmp_path / "venue", rules=wrong)
    settings = load_settings({"package": folder, "venue": venue, "data": tmp_path / "data"})
    with pytest.raises(
        VenueError, match="rule 'broken': point 'status' has no state 'burning'; it has off, fault"
    ):
        open_twin(settings)


async def test_a_rule_without_points_is_noted(folder: Path, tmp_path: Path) -> None:
    useless = VENUE["rules.yaml"].replace("point: heat", "point: nothing")
    venue = write_venue(tmp_path / "venue", rules=useless)
    async with desk_of(folder, venue, tmp_path / "data") as desk:
        assert "rules.yaml: rule 'hot' matches no point" in desk.twin.notes
