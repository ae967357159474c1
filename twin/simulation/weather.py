"""The sky over the venue: sun, cloud, air and rain as functions of time, place and seed."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from astral import Observer
from astral.sun import azimuth, elevation

from twin.simulation.noise import keys_of, smooth

_HOUR_S = 3600.0
_YEAR_S = 365.2425 * 24 * _HOUR_S


@dataclass(frozen=True, slots=True)
class Weather:
    """Outdoor conditions at one moment."""

    sun_elevation_deg: float
    sun_azimuth_deg: float  # clockwise from north
    cloud: float  # 0 clear .. 1 overcast
    irradiance_w_m2: float  # global, on the horizontal
    temperature_c: float
    humidity_pct: float
    wind_m_s: float
    rain_mm_h: float
    illuminance_lx: float


@dataclass(frozen=True, slots=True)
class Climate:
    """A place on Earth with a seed: ask it for the weather at any time."""

    latitude: float
    longitude: float
    seed: int

    def at(self, time_ms: float) -> Weather:
        """The weather at `time_ms` (ms since 1970 UTC)."""
        time_s = time_ms / 1000.0
        sun_up, sun_round = self._sun(time_s)
        cloud = self._cloud(time_s)
        irradiance = clear_sky_w_m2(sun_up) * (1.0 - 0.75 * cloud**3.4)  # Kasten & Czeplak 1980
        rain = max(0.0, cloud - 0.82) * 40.0 * max(0.0, self._noise("rain", time_s, 0.7) + 0.3)
        temperature = self._temperature(time_s, cloud) - min(rain, 6.0) * 0.3
        humidity = 76.0 + 10.0 * self._noise("humidity", time_s, 18) - 1.1 * (temperature - 22.0) + 2.0 * rain
        wind = 2.4 + 1.6 * self._noise("wind", time_s, 5) + 0.6 * self._noise("gust", time_s, 0.05)
        return Weather(
            sun_elevation_deg=sun_up,
            sun_azimuth_deg=sun_round,
            cloud=cloud,
            irradiance_w_m2=irradiance,
            temperature_c=temperature,
            humidity_pct=float(np.clip(humidity, 25.0, 100.0)),
            wind_m_s=max(0.0, wind),
            rain_mm_h=rain,
            illuminance_lx=irradiance * 120.0,  # luminous efficacy of daylight, about 120 lm/W
        )

    def _sun(self, time_s: float) -> tuple[float, float]:
        observer = Observer(latitude=self.latitude, longitude=self.longitude)
        moment = datetime.fromtimestamp(time_s, UTC)
        return elevation(observer, moment, with_refraction=False), azimuth(observer, moment)

    def _noise(self, name: str, time_s: float, period_h: float) -> float:
        return float(smooth(keys_of(self.seed, [name]), time_s, period_h * _HOUR_S)[0])

    def _cloud(self, time_s: float) -> float:
        front = self._noise("front", time_s, 30)
        passing = self._noise("passing", time_s, 0.6)
        return float(np.clip(0.45 + 0.55 * front + 0.25 * passing, 0.0, 1.0))

    def _temperature(self, time_s: float, cloud: float) -> float:
        """A smooth climatology: warmer towards the equator, hottest in late July (north) and at 15:00."""
        latitude = abs(self.latitude)
        season = np.cos(2 * np.pi * (time_s / _YEAR_S - 0.565))
        season = season if self.latitude >= 0 else -season
        solar_hour = (time_s / _HOUR_S + self.longitude / 15.0) % 24.0
        day = np.cos(2 * np.pi * (solar_hour - 15.0) / 24.0) * (4.0 - 2.4 * cloud)
        return float(
            28.6 - 0.31 * latitude + 0.31 * latitude * season + day + 2.5 * self._noise("air", time_s, 60)
        )


def clear_sky_w_m2(sun_elevation_deg: float) -> float:
    """Global irradiance on the horizontal under a clear sky, W/m2 (Haurwitz 1945)."""
    cosine = np.sin(np.radians(sun_elevation_deg))
    return float(1098.0 * cosine * np.exp(-0.057 / cosine)) if cosine > 0.005 else 0.0
