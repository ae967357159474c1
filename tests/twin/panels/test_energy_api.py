"""`/api/energy` over a running twin whose film was recorded before: a Monday, and a Tuesday until noon."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from telemetry_bridge.points import Registry
from telemetry_bridge.registry import load_registry
from tests.spatial.conftest import folder, guid_of, package
from tests.twin.film.filming import Filming
from tests.twin.film.scenes import frame_of
from tests.twin.panels.energy_house import GROUND, HALL, UPPER, write_venue
from twin.accounts.roles import Role
from twin.app import assemble
from twin.errors import VenueError
from twin.panels.energy.panel import ENERGY
from twin.panels.panel import running_panels
from twin.runtime import Twin, open_twin, running
from twin.settings import load_settings
from twin.store.database import default_url, open_database

__all__ = ["folder", "package"]

MONDAY_MS = 1_714_924_800_000.0  # 2024-05-06 00:00 in Shanghai
NOON, EVENING = "2024-05-07T12:00:00+08:00", "2024-05-06T20:00:00+08:00"
QUARTER_MS, PER_HOUR = 900_000.0, 4
DAY_H, END_H = 24.0, 36.0
ENERGY_YAML = """
emission_factor: {kgco2e_per_kwh: 0.5, source: the ministry}
tariff: {currency: CNY, per_kwh: 0.8, source: the contract}
"""

Meter = Callable[[float], float]


def usual(hour: float) -> float:
    """The intake's counter: 10 kW on Monday, 11 kW on Tuesday."""
    return 1000.0 + 10.0 * min(hour, DAY_H) + 11.0 * max(hour - DAY_H, 0.0)


def replaced(hour: float) -> float:
    """The meter was changed on Tuesday at six."""
    return usual(hour) if hour < DAY_H + 6 else 11.0 * (hour - DAY_H - 6)


def readings_at(hour: float, intake: Meter) -> dict[str, float]:
    return {
        "m-main/energy": intake(hour),
        "m-main/power": 10.0,
        "m-light/energy": 50.0 + 4.0 * hour,
        "m-light/power": 4.0,
        "m-power/energy": 70.0 + 5.0 * hour,
        "sun/energy": 900.0 + 2.0 * hour,
        "sun/power": 2.0,
        "bat/power": 0.0,
        "bat/charge": 50.0,
        "lamp-1/power": 1.5,
    }


def quarters(from_h: float, to_h: float) -> Iterable[float]:
    return (quarter / PER_HOUR for quarter in range(int(from_h * PER_HOUR), int(to_h * PER_HOUR) + 1))


async def film(data: Path, registry: Registry, intake: Meter, *spans: tuple[float, float]) -> None:
    """Record, and be away between the spans."""
    data.mkdir()
    engine = await open_database(default_url(data))
    for from_h, to_h in spans:
        run = await Filming.begin(engine, MONDAY_MS + from_h * 4 * QUARTER_MS, devices=registry)
        for hour in quarters(from_h, to_h):
            found = [
                (registry.find(*key.split("/")), value) for key, value in readings_at(hour, intake).items()
            ]
            update = {point.point_index: (value, 0) for point, value in found if point is not None}
            run.record(frame_of(MONDAY_MS + hour * 4 * QUARTER_MS, update))
        await run.film.recorder.stop()
    await engine.dispose()


@dataclass
class Client:
    http: httpx.AsyncClient
    twin: Twin

    async def get(self, path: str, status: int = 200, *, key: str = "", **query: str) -> Any:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        answer = await self.http.get(f"/api/energy/{path}", params=query, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()


@asynccontextmanager
async def client_of(
    package: Path,
    target: Path,
    intake: Meter = usual,
    spans: Iterable[tuple[float, float]] = ((0, END_H),),
    **options: Any,
) -> AsyncIterator[Client]:
    venue = write_venue(target / "venue", options.pop("energy", ENERGY_YAML))
    registry = load_registry(venue / "device_types.yaml", venue / "devices.csv")
    await film(target / "data", registry, intake, *spans)
    twin = open_twin(load_settings({"package": package, "venue": venue, "data": target / "data", **options}))
    app = assemble(twin, (ENERGY,))
    async with running(twin), running_panels(app, twin, (ENERGY,)):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            yield Client(http, twin)


@pytest.fixture
async def client(folder: Path, tmp_path: Path) -> AsyncIterator[Client]:
    async with client_of(folder, tmp_path, dev=True) as found:
        yield found


async def test_a_morning_against_the_one_before(client: Client) -> None:
    found = await client.get("summary", at=NOON)
    today = found["today"]
    assert (today["day"], today["from_time"]) == ("2024-05-07", "2024-05-06T16:00:00.000Z")
    assert (today["grid_kwh"], today["generated_kwh"], today["used_kwh"]) == (132.0, 24.0, 156.0)
    assert found["yesterday"]["used_kwh"] == 144.0, "up to the same time"
    assert (today["resets"], today["missing_hours"]) == (0, 0.0)
    yesterday, last_week = found["comparisons"]
    assert (yesterday["day"], yesterday["measure"], yesterday["refusal"]) == ("2024-05-06", "used", None)
    assert yesterday["share"] == pytest.approx(156 / 144 - 1, abs=1e-4)
    assert (last_week["days_before"], last_week["share"], last_week["refusal"]) == (7, None, "unknown")
    assert last_week["is_own"] is False
    assert found["carbon"] == {"kg": 66.0, "kgco2e_per_kwh": 0.5, "source": "the ministry"}
    assert (found["cost"]["amount"], found["cost"]["currency"]) == (105.6, "CNY")


async def test_what_flows_and_whose_it_is(client: Client) -> None:
    found = await client.get("summary", at=NOON)
    now = found["now"]
    assert (now["grid_kw"], now["generated_kw"], now["storage_kw"], now["used_kw"]) == (10.0, 2.0, 0.0, 12.0)
    assert (now["soc_percent"], now["vehicles_kw"]) == (50.0, None)
    upper, ground = found["storeys"]
    assert (upper["storey"], ground["storey"]) == (guid_of(UPPER), guid_of(GROUND)), "the highest first"
    # LIGHT used 48 kWh, three quarters of it upstairs; POWER 60 kWh, all on the ground floor.
    assert (upper["kwh"], ground["kwh"]) == (36.0, 72.0)
    assert upper["w_per_m2"] == pytest.approx(3000 / upper["area_m2"], abs=1e-3)
    assert ground["metered"] is False
    assert {each["kind"]: each["kwh"] for each in found["kinds"]} == {
        "lighting": 48.0,
        "charging": 42.0,
        "sockets": 18.0,
    }


async def test_another_day_is_whole(client: Client) -> None:
    found = await client.get("summary", at=NOON, day="2024-05-06")
    assert (found["today"]["day"], found["today"]["used_kwh"]) == ("2024-05-06", 288.0)
    evening = await client.get("summary", at=EVENING)
    assert (evening["today"]["day"], evening["today"]["used_kwh"]) == ("2024-05-06", 240.0)


async def test_the_tree_of_circuits(client: Client) -> None:
    found = await client.get("circuits", at=NOON)
    items = {each["id"]: each for each in found["items"]}
    assert found["items"][0]["id"] == "MAIN", "parents first"
    assert (items["LIGHT"]["parent"], items["MAIN"]["parent"]) == ("MAIN", None)
    assert (items["LIGHT"]["kwh"], items["LIGHT"]["kw"], items["POWER"]["kw"]) == (48.0, 4.0, None)
    assert items["MAIN"]["rest_kwh"] is None, "sun and battery feed in below"
    assert (items["PV"]["role"], items["BAT"]["role"]) == ("generation", "storage")
    assert HALL not in items["LIGHT"]["elements"]
    assert items["LIGHT"]["elements"] == sorted(items["LIGHT"]["elements"])


async def test_rooms_by_what_draws_there(client: Client) -> None:
    found = await client.get("spaces", at=NOON)
    hall = found["items"][0]
    assert (hall["space"], hall["kw"], hall["kwh"]) == (guid_of(HALL), 1.5, 18.0)
    assert {each["kw"] for each in found["items"][1:]} == {None}


async def test_curves_add_up_to_the_day(client: Client) -> None:
    span: dict[str, Any] = {"from": "2024-05-07T00:00:00+08:00", "to": NOON}
    for by, step, count, whole in (
        ("total", "hour", 12, 132),
        ("kind", "15min", 48, 108),
        ("storey", "day", 1, 108),
    ):
        found = await client.get("series", by=by, step=step, **span)
        assert len(found["times"]) == count + 1
        assert {len(each["kwh"]) for each in found["items"]} == {count}
        assert sum(sum(each["kwh"]) for each in found["items"]) == pytest.approx(whole, abs=0.1)
    circuits = await client.get("series", by="circuit", **span)
    open_curves = {each["key"] for each in circuits["items"] if None in each["kwh"]}
    assert open_curves == {"PV", "BAT"}, "their meters never spoke"


async def test_a_replaced_meter_is_counted_and_not_compared(folder: Path, tmp_path: Path) -> None:
    async with client_of(folder, tmp_path, replaced, dev=True) as client:
        found = await client.get("summary", at=NOON)
        evening = await client.get("summary", at=EVENING)
    assert found["today"]["resets"] == 1
    yesterday = found["comparisons"][0]
    assert (yesterday["share"], yesterday["refusal"], yesterday["is_own"]) == (None, "reset", True)
    assert evening["today"]["resets"] == 0


async def test_hours_that_nobody_recorded_are_counted_but_not_compared(folder: Path, tmp_path: Path) -> None:
    async with client_of(folder, tmp_path, spans=((0, 3), (6, END_H)), dev=True) as client:
        found = await client.get("summary", at=NOON)
        span: dict[str, Any] = {"from": "2024-05-06T00:00:00+08:00", "to": EVENING}
        curve = await client.get("series", by="total", **span)
    assert found["yesterday"]["grid_kwh"] == 120.0, "counters count through a gap"
    assert found["yesterday"]["missing_hours"] == 3.0
    compared = found["comparisons"][0]
    assert (compared["share"], compared["refusal"], compared["is_own"]) == (None, "gap", False)
    assert [hour for hour, kwh in enumerate(curve["items"][0]["kwh"]) if kwh is None] == [3, 4, 5]
    assert len(curve["gaps"]) == 1


async def test_without_energy_yaml_nothing_is_reckoned(folder: Path, tmp_path: Path) -> None:
    async with client_of(folder, tmp_path, energy="", dev=True) as client:
        found = await client.get("summary", at=NOON)
    assert (found["carbon"], found["cost"]) == (None, None)


@pytest.mark.parametrize(
    ("path", "query", "status", "said"),
    [
        ("summary", {"day": "1979-12-31"}, 400, "1980"),
        ("summary", {"day": "tomorrow"}, 422, "day"),
        ("summary", {"at": "2024-05-07T12:00:00"}, 422, "at"),
        ("circuits", {"day": "2024-02-30"}, 422, "day"),
        ("spaces", {"day": "2201-01-01"}, 400, "2200"),
        ("series", {"by": "colour"}, 422, "by"),
        ("series", {"step": "minute"}, 422, "step"),
        ("series", {"from": NOON, "to": EVENING}, 400, "before"),
        ("series", {"from": "2000-01-01T00:00:00Z", "to": NOON}, 400, "longer step"),
    ],
)
async def test_what_cannot_be_answered_says_why(
    client: Client, path: str, query: dict[str, Any], status: int, said: str
) -> None:
    problem = await client.get(path, status, **query)
    assert problem["status"] == status
    assert said in str([problem["detail"], problem.get("errors")])


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z"])
async def test_days_of_no_record_are_empty_and_no_error(client: Client, moment: str) -> None:
    found = await client.get("summary", at=moment)
    assert (found["now"]["used_kw"], found["today"]["used_kwh"], found["carbon"]["kg"]) == (None, None, None)
    assert {each["refusal"] for each in found["comparisons"]} == {"unknown"}
    assert {each["kwh"] for each in (await client.get("circuits", at=moment))["items"]} == {None}
    assert {each["kwh"] for each in (await client.get("spaces", at=moment))["items"]} == {None}


@pytest.mark.parametrize("path", ["summary", "circuits", "spaces", "series"])
async def test_energy_is_for_operators_and_above(folder: Path, tmp_path: Path, path: str) -> None:
    async with client_of(folder, tmp_path, demo_accounts=True) as client:
        await client.get(path, 401)
        for link in client.twin.demo.links:
            role = link.person.role
            key = await client.twin.accounts.new_key(link.person, "test", "system")
            await client.get(path, 200 if role >= Role.OPERATOR else 403, key=key)


async def test_a_faulty_file_keeps_the_server_from_starting(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(VenueError, match=r"energy\.yaml:2: tariff\.per_kwh"):
        async with client_of(folder, tmp_path, energy="\ntariff: {currency: CNY, source: x}\n", dev=True):
            pass
