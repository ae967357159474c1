"""`/api/booking` and `/api/commands` over a running twin: from the list of courts to light on one of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.spatial.conftest import folder, guid_of, package
from twin.app import assemble
from twin.errors import VenueError
from twin.panels.booking.panel import BOOKING
from twin.panels.panel import running_panels
from twin.runtime import open_twin, running
from twin.settings import load_settings

__all__ = ["folder", "package"]

VENUE = {
    "venue.yaml": "id: x\nname: X\ntimezone: Asia/Shanghai\n",
    "device_types.yaml": (
        "luminaire:\n  ifc_class: IfcLightFixture\n  points:\n"
        '    - {name: level, class: Lighting_Level_Command, unit: "%", range: [0, 100],'
        " writable: true, period_s: 2}\n"
    ),
    "devices.csv": f"device,type,guid,tag,space\nL-01,luminaire,{guid_of(11)},,SPACE\n",
    "interlocks.yaml": "- {id: dark, match: {point: level}, while: booked, range: [20, null]}\n",
    "bookables.yaml": (
        "kinds: {tennis: {name: {zh: 网球, en: Tennis}, capacity: 4, lights: space}}\n"
        "bookables:\n"
        "  - {id: court, kind: tennis, name: {zh: 球场, en: Court}, space: SPACE}\n"
        "  - {id: gone, kind: tennis, name: Gone, space: nowhere}\n"
    ),
}


def write_venue(target: Path, space: str) -> Path:
    target.mkdir()
    for name, text in VENUE.items():
        (target / name).write_text(text.replace("SPACE", space), "utf-8")
    return target


class Client:
    """A client of a twin that runs at five to nine in the morning, on a machine where everyone is admin."""

    def __init__(self, http: httpx.AsyncClient, notes: list[str]) -> None:
        self.http, self.notes = http, notes

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.http.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def post(self, path: str, body: Any, status: int = 200) -> Any:
        answer = await self.http.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()


@asynccontextmanager
async def client_of(package: Path, venue: Path, data: Path, *, dev: bool = True) -> AsyncIterator[Client]:
    start = "2026-11-23T00:55:00Z"
    options = {"package": package, "venue": venue, "data": data, "simulate": True, "start": start, "dev": dev}
    twin = open_twin(load_settings(options))
    app = assemble(twin, (BOOKING,))
    async with running(twin), running_panels(app, twin, (BOOKING,)):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            yield Client(http, twin.all_notes)


@pytest.fixture
def venue(package: Any, tmp_path: Path) -> Path:
    return write_venue(tmp_path / "venue", package.spaces[0].name)


@pytest.fixture
async def client(folder: Path, venue: Path, tmp_path: Path) -> AsyncIterator[Client]:
    async with client_of(folder, venue, tmp_path / "data") as found:
        yield found


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := await condition()):
        assert time.monotonic() < end
        await asyncio.sleep(0.1)
    return found


NINE = "2026-11-23T01:00:00.000Z"


async def test_from_the_list_of_courts_to_light(client: Client) -> None:
    listed = await client.get("/api/booking/bookables")
    (court,) = listed["items"]
    assert (court["id"], court["lights"], listed["today"]) == ("court", 1, "2026-11-23")
    assert any("gone" in note and "nowhere" in note for note in client.notes)
    slots = await client.get("/api/booking/slots?bookable=court&date=2026-11-23")
    assert [each["state"] for each in slots["items"][:2]] == ["free", "free"]
    assert slots["items"][1]["start"] == NINE

    made = await client.post("/api/booking/bookings", {"bookable": "court", "start": NINE, "people": 2}, 201)
    taken = await client.post("/api/booking/bookings", {"bookable": "court", "start": NINE, "people": 2}, 409)
    assert taken["type"] == "urn:venue-twin:problem:slot-taken"
    of_kind = await client.get("/api/booking/kinds/tennis/slots?date=2026-11-23")
    assert of_kind["items"][0]["items"][1] == {**slots["items"][1], "state": "mine", "booking": made["id"]}
    (hall,) = (await client.get("/api/booking/halls"))["items"]
    assert hall["state"] == "soon"
    (later,) = (await client.get("/api/booking/halls?at=2026-11-23T01:10:00Z"))["items"]
    assert (later["state"], later["taken"]) == ("taken", 1)

    async def lit() -> bool:
        (own,) = (await client.get("/api/booking/bookings?mine=true"))["items"]
        return bool(own["light"]["ordered"] == "on" and own["light"]["confirmed"] == 1)

    await until(lit)
    (command,) = (await client.get("/api/commands"))["items"]
    assert (command["device"], command["value"], command["reported"]) == ("L-01", 100.0, 100.0)
    assert command["actor"] == "linkage:booking-light"


async def test_the_light_of_what_is_booked_stays_on(client: Client) -> None:
    dark = {"device": "L-01", "point": "level", "value": 0}
    await client.post("/api/commands", dark, 202)
    soon = await client.get("/api/booking/slots?bookable=court&date=2026-11-23")
    running = soon["items"][0]["start"]  # began at eight, and goes on until nine
    await client.post("/api/booking/bookings", {"bookable": "court", "start": running}, 201)
    refused = await client.post("/api/commands", dark, 409)
    assert (refused["reason"], refused["named"]) == ("interlock-booked", {"place": "球场", "until": "09:00"})
    assert "Court is booked until 09:00" in refused["detail"]
    await client.post("/api/commands", dark | {"value": 40}, 202)


async def test_a_code_is_shown_and_lets_in(client: Client) -> None:
    made = await client.post("/api/booking/bookings", {"bookable": "court", "start": NINE}, 201)
    picture = await client.http.get(f"/api/booking/bookings/{made['id']}/qr.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.content.startswith(b"<svg")
    entered = await client.post("/api/booking/check-in", {"code": made["code"]})
    assert (entered["state"], entered["code"]) == ("checked_in", None)
    refused = await client.post("/api/booking/check-in", {"code": "nonsense"}, 400)
    assert refused["type"] == "urn:venue-twin:problem:bad-code"
    late = await client.post(f"/api/booking/bookings/{made['id']}/cancel", {}, 409)
    assert late["type"] == "urn:venue-twin:problem:booking-state"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"bookable": "moon", "start": NINE}, 404),
        ({"bookable": "court", "start": "2026-11-23T01:01:00Z"}, 409),
        ({"bookable": "court", "start": "2026-11-23T01:00:00"}, 422),
        ({"bookable": "court", "start": NINE, "people": 5}, 409),
        ({"bookable": "court", "start": NINE, "people": 0}, 422),
        ({"bookable": "court", "start": "9999-12-31T23:59:59Z"}, 409),
    ],
)
async def test_what_cannot_be_booked_is_said_so(client: Client, body: dict[str, Any], status: int) -> None:
    problem = await client.post("/api/booking/bookings", body, status)
    assert problem["detail"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/booking/slots?bookable=court&date=1999-01-01", 400),
        ("/api/booking/slots?bookable=court&date=soon", 422),
        ("/api/booking/kinds/chess/slots?date=2026-11-23", 404),
        ("/api/booking/bookings?from=2026-11-23T00:00:00Z&to=2026-11-22T00:00:00Z", 400),
        ("/api/booking/bookings/nothing/qr.svg", 404),
    ],
)
async def test_questions_without_an_answer(client: Client, path: str, status: int) -> None:
    assert (await client.get(path, status))["detail"]


async def test_commands_go_to_points_that_take_them(client: Client) -> None:
    sent = await client.post("/api/commands", {"device": "L-01", "point": "level", "value": 40}, 202)
    assert (sent["state"], sent["value"], sent["actor"]) == ("sent", 40.0, "person:dev")

    async def confirmed() -> bool:
        items = (await client.get("/api/commands?device=L-01"))["items"]
        return bool(items[0]["state"] == "confirmed")

    await until(confirmed)
    refused = await client.post("/api/commands", {"device": "L-01", "point": "level", "value": 101}, 409)
    assert "0 to 100" in refused["detail"]


async def test_strangers_look_but_do_not_book(folder: Path, venue: Path, tmp_path: Path) -> None:
    async with client_of(folder, venue, tmp_path / "data", dev=False) as stranger:
        assert (await stranger.get("/api/booking/bookables"))["items"]
        assert (await stranger.get("/api/booking/slots?bookable=court&date=2026-11-23"))["items"]
        await stranger.post("/api/booking/bookings", {"bookable": "court", "start": NINE}, 401)
        await stranger.get("/api/booking/bookings", 401)
        await stranger.get("/api/commands", 401)
        await stranger.post("/api/booking/check-in", {"code": "x"}, 401)


async def test_a_restart_keeps_bookings_and_codes(folder: Path, venue: Path, tmp_path: Path) -> None:
    async with client_of(folder, venue, tmp_path / "data") as client:
        made = await client.post("/api/booking/bookings", {"bookable": "court", "start": NINE}, 201)
    async with client_of(folder, venue, tmp_path / "data") as client:
        (kept,) = (await client.get("/api/booking/bookings?mine=true"))["items"]
        assert (kept["id"], kept["code"]) == (made["id"], made["code"])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("kinds: {}\nbookables: [{id: a, kind: golf, name: A, space: S}]", "no kind 'golf'"),
        ("kinds: {t: {name: T, slot_min: 50}}\nbookables: []", "multiple of 15"),
        ("kinds: {t: {name: T, rules: {min_role: king}}}\nbookables: []", "no role 'king'"),
        ("kinds: [", "not YAML"),
        (
            "kinds: {t: {name: T}}\nbookables: [{id: a, kind: t, name: A, space: S, area: [1, 1, 0, 0]}]",
            "min x",
        ),
        (
            "kinds: {t: {name: T}}\nbookables: [{id: a, kind: t, name: A, space: S}, "
            "{id: a, kind: t, name: B, space: S}]",
            "more than once",
        ),
    ],
)
async def test_faults_of_the_file_stop_the_start(
    folder: Path, venue: Path, tmp_path: Path, text: str, fault: str
) -> None:
    (venue / "bookables.yaml").write_text(text, "utf-8")
    with pytest.raises(VenueError, match=fault):
        async with client_of(folder, venue, tmp_path / "data"):
            pass
