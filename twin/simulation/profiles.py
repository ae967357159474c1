"""How rooms are used: what a space's function says about people, air, light and machines in it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Share of the peak by local hour 0..23: walk-in use on a working day and at the weekend.
_NEVER = (0.0,) * 24
_SPORT = (
    0,
    0,
    0,
    0,
    0,
    0,
    0.1,
    0.3,
    0.35,
    0.4,
    0.4,
    0.35,
    0.3,
    0.3,
    0.4,
    0.5,
    0.6,
    0.75,
    0.9,
    1,
    0.95,
    0.6,
    0.1,
    0,
)
_CULTURE = (
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0.05,
    0.2,
    0.5,
    0.6,
    0.5,
    0.3,
    0.4,
    0.6,
    0.7,
    0.6,
    0.5,
    0.6,
    0.75,
    0.6,
    0.25,
    0,
    0,
)
_LOBBY = (
    0,
    0,
    0,
    0,
    0,
    0,
    0.05,
    0.2,
    0.4,
    0.6,
    0.6,
    0.55,
    0.5,
    0.5,
    0.6,
    0.7,
    0.7,
    0.8,
    0.95,
    1,
    0.8,
    0.4,
    0.05,
    0,
)
_OFFICE = (0, 0, 0, 0, 0, 0, 0, 0.1, 0.7, 1, 1, 0.9, 0.4, 0.6, 1, 1, 0.9, 0.5, 0.2, 0.1, 0, 0, 0, 0)
_ROUND = (
    0,
    0,
    0,
    0,
    0,
    0,
    0.2,
    0.3,
    0.5,
    0.6,
    0.6,
    0.6,
    0.5,
    0.5,
    0.6,
    0.7,
    0.7,
    0.8,
    0.9,
    0.9,
    0.7,
    0.4,
    0.1,
    0,
)
_ALWAYS = (1.0,) * 24


@dataclass(frozen=True, slots=True)
class Profile:
    """The use of one function of space; densities are people per m2 at the peak of walk-in use."""

    name: str
    words: tuple[str, ...]  # the function's slug, class or name holds one of these
    density: float
    hours: tuple[float, ...]
    weekend: float = 1.0
    stay_min: float = 20.0
    setpoint_c: float | None = 26.0  # None: not cooled
    activity_w: float = 110.0  # sensible heat of one person
    machines_w_m2: float = 3.0
    ventilation_ach: float = 2.5  # air changes per hour while open
    outdoor: bool = False
    lights: str = "people"  # people | open | dusk | never


# The first profile whose word stands in the function wins.
PROFILES: tuple[Profile, ...] = (
    Profile("pool", ("pool", "swim", "泳"), 0.045, _SPORT, 1.25, 50, 28.5, 180, 12, 4, lights="open"),
    Profile(
        "court",
        ("badminton", "basketball", "court", "球场", "羽毛球", "篮球"),
        0.022,
        _SPORT,
        1.3,
        70,
        25,
        260,
        2,
        3,
    ),
    Profile("table_tennis", ("table_tennis", "tabletennis", "乒乓"), 0.05, _SPORT, 1.2, 60, 25, 240, 2, 4),
    Profile("fitness", ("fitness", "gym", "健身", "yoga"), 0.075, _SPORT, 0.9, 55, 24, 280, 14, 6),
    Profile(
        "changing",
        ("chang", "locker", "shower", "更衣", "淋浴"),
        0.06,
        _SPORT,
        1.2,
        12,
        26,
        120,
        4,
        8,
        lights="people",
    ),
    Profile("theatre", ("theatre", "theater", "auditor", "剧"), 0.0, _CULTURE, 1.0, 100, 24.5, 105, 4, 4),
    Profile(
        "library",
        ("library", "reading", "图书", "阅"),
        0.075,
        _CULTURE,
        1.4,
        75,
        25.5,
        100,
        4,
        2.5,
        lights="open",
    ),
    Profile(
        "exhibition",
        ("exhibit", "gallery", "museum", "展"),
        0.045,
        _CULTURE,
        1.6,
        30,
        25.5,
        110,
        5,
        2.5,
        lights="open",
    ),
    Profile(
        "training",
        (
            "training",
            "class",
            "dance",
            "music",
            "studio",
            "piano",
            "calligraphy",
            "craft",
            "lecture",
            "教",
            "培训",
            "舞",
            "琴",
        ),
        0.012,
        _CULTURE,
        1.2,
        80,
        25.5,
        130,
        6,
        4,
    ),
    Profile(
        "control",
        ("control", "monitor", "security", "server", "监控", "控制"),
        0.03,
        _ALWAYS,
        1.0,
        240,
        24,
        110,
        60,
        3,
        lights="open",
    ),
    Profile(
        "office",
        ("office", "meeting", "admin", "办公", "会议", "管理"),
        0.07,
        _OFFICE,
        0.15,
        120,
        26,
        110,
        9,
        2,
    ),
    Profile(
        "parking", ("park", "garage", "车库", "停车"), 0.0025, _LOBBY, 1.1, 4, None, 130, 1, 2, lights="open"
    ),
    Profile(
        "plant",
        (
            "plant",
            "electric",
            "hvac",
            "pump",
            "battery",
            "storage",
            "equipment",
            "machine",
            "shaft",
            "机房",
            "配电",
            "设备",
            "储",
        ),
        0.0,
        _NEVER,
        1.0,
        10,
        None,
        110,
        14,
        3,
    ),
    Profile(
        "toilet",
        ("toilet", "wc", "restroom", "bath", "卫生间", "厕"),
        0.05,
        _ROUND,
        1.1,
        5,
        27,
        110,
        1,
        10,
        lights="people",
    ),
    Profile(
        "lobby",
        ("lobby", "atrium", "foyer", "hall", "reception", "entrance", "大厅", "中庭", "门厅"),
        0.05,
        _LOBBY,
        1.25,
        12,
        26,
        130,
        4,
        2,
        lights="open",
    ),
    Profile(
        "way",
        ("corridor", "stair", "lift", "elevator", "lobby", "passage", "走廊", "楼梯", "电梯", "过道"),
        0.02,
        _ROUND,
        1.1,
        2.5,
        27,
        140,
        1,
        2,
        lights="open",
    ),
    Profile(
        "outdoor",
        ("plaza", "outdoor", "garden", "roof", "terrace", "street", "广场", "屋顶", "露台"),
        0.006,
        _LOBBY,
        1.5,
        15,
        None,
        140,
        0,
        0,
        outdoor=True,
        lights="dusk",
    ),
    Profile(
        "cafe",
        ("cafe", "restaurant", "dining", "kitchen", "canteen", "餐", "厨", "咖啡"),
        0.12,
        _LOBBY,
        1.2,
        35,
        25.5,
        115,
        25,
        6,
    ),
)
DEFAULT = Profile("room", (), 0.025, _OFFICE, 0.6, 60, 26, 110, 5, 2)


def profile_of(function: str, *names: str) -> Profile:
    """The profile for a space by its function, else by its names, else the default."""
    for text in (function, *names):
        lowered = text.lower()
        for profile in PROFILES:
            if lowered and any(word in lowered for word in profile.words):
                return profile
    return DEFAULT


def share_of_peak(profile: Profile, local_hour: float, *, weekend: bool) -> float:
    """Walk-in use at a local hour 0..24 as a share of the peak, linear between the hours."""
    hours = np.asarray(profile.hours, dtype=np.float64)
    share = float(np.interp(local_hour % 24.0, np.arange(25), np.append(hours, hours[0])))
    return share * (profile.weekend if weekend else 1.0)
