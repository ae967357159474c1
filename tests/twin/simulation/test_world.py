from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from twin.simulation.faults import Faults
from twin.simulation.noise import keys_of
from twin.simulation.opening import opening_of, second_of_day
from twin.simulation.people import move_people
from twin.simulation.profiles import DEFAULT, PROFILES, profile_of
from twin.simulation.programme import Programme, Session
from twin.simulation.weather import Climate
from twin.simulation.world import SpaceInfo, World

HOUR_MS = 3_600_000.0
SHANGHAI = ZoneInfo("Asia/Shanghai")
OPENING = opening_of(SHANGHAI, [[["08:00", "22:00"]]] * 7)
SPACES = [
    SpaceInfo("court", "badminton_hall", "S1-01", "羽毛球馆", 1800.0, 12.0),
    SpaceInfo("library", "library", "C2-01", "图书馆", 800.0, 4.5),
    SpaceInfo("pool", "swimming_pool", "S1-02", "游泳馆", 1500.0, 9.0),
    SpaceInfo("plaza", "plaza", "P-01", "广场", 4000.0, 5.0),
    SpaceInfo("theatre", "theatre", "C1-01", "剧场", 900.0, 10.0),
]
COURT, LIBRARY, POOL, PLAZA, THEATRE = range(5)
SHOW = Session(THEATRE, frozenset({5}), second_of_day("19:30"), second_of_day("21:30"), 400)


def ms(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC).timestamp() * 1000.0


def world_at(text: str, sessions: tuple[Session, ...] = (), seed: int = 1) -> World:
    return World(SPACES, Climate(24.49, 118.11, seed), OPENING, Programme(sessions, len(SPACES)), ms(text))


def test_nobody_is_in_a_closed_house_and_people_come_when_it_opens() -> None:
    night, evening = world_at("2026-11-18T03:30"), world_at("2026-11-18T19:30")
    assert night.people[[COURT, LIBRARY, POOL]].sum() == 0
    assert evening.people[[COURT, LIBRARY, POOL]].sum() > 60


def test_lights_follow_people_and_dusk() -> None:
    assert not world_at("2026-11-18T03:30").lit.any()
    assert world_at("2026-11-18T19:30").lit.tolist() == [True, True, True, True, False]
    assert not world_at("2026-06-18T12:00").lit[PLAZA]


def test_a_show_fills_the_theatre_and_empties_it() -> None:
    saturday = world_at("2026-11-21T18:00", (SHOW,))
    assert saturday.people[THEATRE] == 0
    saturday.advance(ms("2026-11-21T21:15"), 30)
    assert 300 < saturday.people[THEATRE] < 420
    saturday.advance(ms("2026-11-22T01:00"), 30)
    assert saturday.people[THEATRE] < 20
    assert world_at("2026-11-20T20:30", (SHOW,)).people[THEATRE] == 0


def test_people_make_carbon_dioxide_and_heat() -> None:
    full = world_at("2026-11-21T21:00", (SHOW,))
    empty = world_at("2026-11-20T21:00", (SHOW,))
    assert full.rooms.co2_ppm[THEATRE] > empty.rooms.co2_ppm[THEATRE] + 100
    assert full.rooms.temperature_c[THEATRE] > empty.rooms.temperature_c[THEATRE]


def test_rooms_stay_in_what_people_and_instruments_know() -> None:
    world = world_at("2026-07-30T06:00", (SHOW,))
    for _ in range(48):
        world.advance(world.time_ms + HOUR_MS, 60)
        assert np.all((world.rooms.temperature_c > 5) & (world.rooms.temperature_c < 42))
        assert np.all((world.rooms.co2_ppm > 400) & (world.rooms.co2_ppm < 5000))
        assert np.all((world.rooms.humidity_pct >= 15) & (world.rooms.humidity_pct <= 100))


def test_an_ordered_set_point_cools_the_room() -> None:
    plain, ordered = world_at("2026-07-30T12:00"), world_at("2026-07-30T12:00")
    ordered.ordered_setpoint[LIBRARY] = 21.0
    for world in (plain, ordered):
        world.advance(ms("2026-07-30T15:00"), 60)
    assert plain.rooms.temperature_c[LIBRARY] == pytest.approx(25.3, abs=1.0)
    assert ordered.rooms.temperature_c[LIBRARY] < plain.rooms.temperature_c[LIBRARY] - 2.5


def test_the_step_hardly_matters() -> None:
    fine, coarse = world_at("2026-07-30T06:00"), world_at("2026-07-30T06:00")
    fine.advance(ms("2026-07-30T14:00"), 10)
    coarse.advance(ms("2026-07-30T14:00"), 300)
    # The rooms with few people differ only by the step; the others also by chance.
    assert np.abs(fine.rooms.temperature_c - coarse.rooms.temperature_c).max() < 1.0


def test_the_same_seed_gives_the_same_day() -> None:
    first, second, other = (world_at("2026-11-18T10:00", seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.people, second.people)
    assert np.array_equal(first.rooms.temperature_c, second.rooms.temperature_c)
    assert not np.array_equal(first.rooms.temperature_c, other.rooms.temperature_c)


def test_arrivals_and_departures_settle_around_the_target() -> None:
    rng = np.random.default_rng(1)
    count, target = np.zeros(2000, dtype=np.int64), np.full(2000, 30.0)
    for _ in range(200):
        count = move_people(count, target, np.full(2000, 600.0), 60.0, rng)
        assert np.all(count >= 0)
    assert count.mean() == pytest.approx(30.0, abs=0.6)
    assert count.var() == pytest.approx(30.0, rel=0.15)  # Poisson


def test_functions_find_their_profile() -> None:
    for function, name in [
        ("badminton_hall", "court"), ("basketball_hall", "court"), ("swimming_pool", "pool"),
        ("training_room", "training"), ("exhibition_hall", "exhibition"), ("lobby", "lobby"),
        ("toilet", "toilet"), ("car_park", "parking"), ("battery_room", "plant"),
    ]:  # fmt: skip
        assert profile_of(function).name == name
    assert profile_of("", "C3-05", "舞蹈教室").name == "training"
    assert profile_of("", "Kitchen").name == "cafe"
    assert profile_of("", "Raum 12") is DEFAULT
    assert all(len(profile.hours) == 24 for profile in PROFILES)


def test_faults_come_at_their_rate_and_go() -> None:
    keys = keys_of(1, [f"device-{i}" for i in range(5000)])
    faults = Faults(keys, np.full(5000, 0.5))
    first = 1_780_000_000.0
    broken = np.array([faults.at(first + hour * 3600.0) for hour in range(24 * 60)])
    began = (broken[1:] & ~broken[:-1]).sum()
    expected = 5000 * 0.5 * 60 / 365.25
    assert began == pytest.approx(expected, rel=0.2)
    assert not broken.all(axis=0).any()  # every fault ends
    assert np.array_equal(broken[100], faults.at(first + 100 * 3600.0))


def test_times_of_day_are_checked() -> None:
    assert second_of_day("24:00") == 86400
    with pytest.raises(ValueError, match="time of day"):
        second_of_day("25:00")
