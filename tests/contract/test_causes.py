"""A day at the demo venue: whatever happens, its log tells what it came from."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from twin.app import assemble
from twin.runtime import Twin, open_twin
from twin.settings import Settings

ROOT = Path(__file__).parents[2]
VENUE = ROOT / "assets" / "palace" / "venue"
START = "2026-11-23T17:52:00+08:00"
SPEED = 60.0
WAIT_S = 400.0
SOS, COURT = "Emergency_Push_Button_Status", "badminton-01"
HAPPENED = {
    "account.created",
    "alarm.acknowledged",
    "alarm.closed",
    "alarm.raised",
    "alarm.returned",
    "alarm.shelved",
    "binding.rejected",
    "bindings.changed",
    "booking.cancelled",
    "booking.created",
    "command.confirmed",
    "command.sent",
    "credential.issued",
    "credential.revoked",
    "device.changed",
    "incident.created",
    "key.issued",
    "note.added",
    "note.removed",
    "workorder.cancelled",
    "workorder.created",
}


@dataclass(frozen=True)
class Day:
    """The venue, served within this process."""

    client: TestClient
    twin: Twin

    def ask(self, method: str, path: str, body: object = None, **query: Any) -> Any:
        answer = self.client.request(method, path, json=body, params=query)
        assert answer.is_success, (method, path, answer.text)
        return answer.json() if answer.content else None

    def events(self, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = self.ask("GET", "/api/events", limit=1000, cursor=cursor, **query)
            found += page["items"]
            cursor = page["next"]
        return found

    def until(self, holds: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + WAIT_S
        while not (found := holds()):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        return found

    def chain(self, event_id: str) -> Any:
        return self.ask("GET", f"/api/events/{event_id}/chain")


@pytest.fixture(scope="module")
def day(palace_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    adapters = tmp_path_factory.mktemp("none") / "adapters.yaml"
    adapters.write_text("[]\n")
    settings = Settings(
        package=palace_package,
        venue=VENUE,
        data=tmp_path_factory.mktemp("day"),
        simulate=True,
        speed=SPEED,
        start=datetime.fromisoformat(START),
        dev=True,
        adapters=adapters,
    )
    twin = open_twin(settings)
    with TestClient(assemble(twin), "http://127.0.0.1", client=("127.0.0.1", 50_000)) as client:
        yield Day(client, twin)


@pytest.fixture(scope="module")
def sos(day: Day) -> tuple[str, str]:
    """A button by which somebody calls for help: device and point."""
    point = next(each for each in day.twin.registry.points if each.point_class == SOS)
    return point.device, point.name


@pytest.fixture(scope="module")
def alarm(day: Day, sos: tuple[str, str]) -> str:
    """The id of the alarm that the pressed button raised."""
    sample = {"device": sos[0], "point": sos[1], "value": "alarm"}
    day.ask("POST", "/api/telemetry", {"samples": [sample]})
    query = {"state": "all", "device": sos[0]}
    return str(day.until(lambda: day.ask("GET", "/api/alarms", **query)["items"])[0]["id"])


@pytest.fixture(scope="module")
def booked(day: Day) -> str:
    """A booking of the slot that begins at 18:00; its lights go on before."""
    body = {"bookable": COURT, "start": "2026-11-23T18:00:00+08:00", "people": 2}
    return str(day.ask("POST", "/api/booking/bookings", body)["id"])


def raising(day: Day, alarm: str) -> Any:
    return next(each for each in day.events(type="alarm.raised") if each["data"]["alarm"] == alarm)


def test_an_alarm_names_the_sample_that_the_film_has(day: Day, alarm: str, sos: tuple[str, str]) -> None:
    event = raising(day, alarm)
    sample = event["data"]["sample"]
    assert sample["point"] == "/".join(sos)
    assert sample["value"] == event["data"]["value"]
    assert sample["time"] <= event["time"]
    chain = day.chain(event["id"])
    assert (chain["origin"]["kind"], chain["origin"]["sample"]) == ("sample", sample)


def test_what_staff_do_about_an_alarm_leads_back_to_its_sample(day: Day, alarm: str) -> None:
    event = raising(day, alarm)
    day.ask("POST", f"/api/alarms/{alarm}/shelve", {"reason": "drill", "minutes": 600})
    day.ask("POST", f"/api/alarms/{alarm}/unshelve")
    day.ask("POST", f"/api/alarms/{alarm}/acknowledge", {"comment": "on my way"})
    order = day.ask("POST", "/api/ops/orders", {"title": "look at the button", "alarm": alarm})
    day.ask("POST", f"/api/ops/orders/{order['id']}/cancel", {"note": "a drill"})
    lamp = next(each for each in day.twin.registry.points if each.writable and each.unit == "%")
    command = {"device": lamp.device, "point": lamp.name, "value": 80, "cause": event["id"]}
    sent = day.ask("POST", "/api/commands", command)["event"]
    day.until(lambda: "command.confirmed" in {each["type"] for each in day.chain(sent)["effects"]})
    types = {each["type"] for each in day.chain(event["id"])["effects"]}
    assert {
        "alarm.shelved",
        "alarm.acknowledged",
        "workorder.created",
        "workorder.cancelled",
        "command.sent",
        "command.confirmed",
    } <= types
    confirmed = next(each for each in day.chain(sent)["effects"] if each["type"] == "command.confirmed")
    assert confirmed["data"]["sample"]["point"] == lamp.key
    unknown = day.client.post("/api/commands", json=command | {"cause": "0" * 26})
    assert unknown.status_code == 400


def test_the_lights_of_a_booking_lead_back_to_it(day: Day, booked: str) -> None:
    def lit() -> list[dict[str, Any]]:
        created = next(each for each in day.events(type="booking.created") if booked in each["subject"])
        effects: list[dict[str, Any]] = day.chain(created["id"])["effects"]
        return [each for each in effects if each["type"] == "command.confirmed"]

    confirmed = day.until(lit)[0]
    chain = day.chain(confirmed["id"])
    assert [each["type"] for each in chain["causes"]] == ["booking.created", "command.sent"]
    assert chain["origin"]["kind"] == "person"


def test_every_event_can_be_walked_back_to_what_it_came_from(day: Day, alarm: str, booked: str) -> None:
    others_of_the_day(day)
    day.until(lambda: {each["type"] for each in day.events()} >= HAPPENED)
    kinds: dict[str, set[str]] = {}
    for event in day.events():
        chain = day.chain(event["id"])
        assert chain["missing"] is None, event
        kinds.setdefault(chain["origin"]["kind"], set()).add(event["type"])
    assert "unknown" not in kinds, kinds["unknown"]
    assert set(kinds) >= {"sample", "person", "system"}


def others_of_the_day(day: Day) -> None:
    """What else people do: bindings, devices, secrets, accounts, notes, reports."""
    bound = day.twin.bound.element_of
    devices = [device for device in day.twin.registry.devices if device in bound][:2]
    pairs = [{"device": each, "element": bound[each].guid} for each in devices]
    day.ask("PUT", "/api/bindings", {"items": [pairs[0] | {"element": None}]})
    day.ask("PUT", "/api/bindings", {"items": pairs[:1]})
    day.ask("POST", "/api/bindings/reject", {"items": pairs[1:], "reason": "no"})
    day.ask("PATCH", f"/api/devices/{devices[0]}/facts", {"manufacturer": "Acme"})
    day.ask("POST", "/api/devices/secrets", {"devices": devices[:1]})
    day.ask("DELETE", f"/api/devices/{devices[0]}/secrets")
    day.ask(
        "POST", "/api/accounts", {"name": "fang", "role": "operator", "password": "correct horse battery"}
    )
    day.ask("POST", "/api/accounts/fang/keys", {"label": "gateway"})
    note = day.ask("POST", "/api/notes", {"text": "here", "from": START})
    day.ask("DELETE", f"/api/notes/{note['id']}", revision=note["revision"])
    report = {"title": "A call", "from": START, "to": "2026-11-23T17:53:00+08:00"}
    day.ask("POST", "/api/incidents", report)
    slot = {"bookable": "badminton-02", "start": "2026-11-24T18:00:00+08:00", "people": 2}
    booking = day.ask("POST", "/api/booking/bookings", slot)
    day.ask("POST", f"/api/booking/bookings/{booking['id']}/cancel")
