from datetime import UTC, datetime

import pytest

from twin.simulation.weather import Climate, clear_sky_w_m2

XIAMEN = Climate(24.49, 118.11, seed=4)
HOUR_MS = 3_600_000.0


def ms(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000.0


def test_the_sun_stands_high_at_noon_in_june_and_is_gone_at_midnight() -> None:
    # 120 degrees east is UTC+8: local solar noon is near 04:08 UTC.
    assert XIAMEN.at(ms("2026-06-21T04:08:00")).sun_elevation_deg == pytest.approx(88.9, abs=0.5)
    night = XIAMEN.at(ms("2026-06-21T16:00:00"))
    assert night.sun_elevation_deg < 0
    assert night.irradiance_w_m2 == 0
    assert night.illuminance_lx == 0


def test_clear_sky_follows_haurwitz() -> None:
    assert clear_sky_w_m2(90.0) == pytest.approx(1037, abs=1)  # 1098 exp(-0.057)
    assert clear_sky_w_m2(-5.0) == 0


def test_cloud_takes_light_away() -> None:
    moments = [XIAMEN.at(ms("2026-06-21T04:00:00") + day * 24 * HOUR_MS) for day in range(60)]
    clear = [m.irradiance_w_m2 for m in moments if m.cloud < 0.2]
    dull = [m.irradiance_w_m2 for m in moments if m.cloud > 0.9]
    assert clear
    assert dull
    assert min(clear) > 2 * max(dull)


def test_summer_is_warmer_than_winter_and_afternoon_than_dawn() -> None:
    def mean(month: int, hour_utc: int) -> float:
        days = [XIAMEN.at(ms(f"2026-{month:02d}-{day:02d}T{hour_utc:02d}:00:00")) for day in range(1, 29)]
        return sum(day.temperature_c for day in days) / len(days)

    # Xiamen's long-term means are about 13 degC in January and 28 degC in July.
    assert mean(1, 21) == pytest.approx(11, abs=4)
    assert mean(7, 21) == pytest.approx(26, abs=4)
    assert mean(7, 7) > mean(7, 21) + 2


def test_the_southern_half_has_its_summer_in_january() -> None:
    south = Climate(-33.9, 151.2, seed=4)
    january = sum(south.at(ms(f"2026-01-{day:02d}T03:00:00")).temperature_c for day in range(1, 29))
    july = sum(south.at(ms(f"2026-07-{day:02d}T03:00:00")).temperature_c for day in range(1, 29))
    assert january > july + 28 * 5


def test_the_same_seed_gives_the_same_sky_and_another_seed_another() -> None:
    moment = ms("2026-03-03T03:03:03")
    assert XIAMEN.at(moment) == Climate(24.49, 118.11, seed=4).at(moment)
    assert XIAMEN.at(moment) != Climate(24.49, 118.11, seed=5).at(moment)
