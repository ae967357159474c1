"""Events become a story: what belongs together, how fast it was answered, in figures and in words."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.points import Label, Registry
from telemetry_bridge.wire import Quality
from twin.events.event import Event
from twin.film.segment import Track
from twin.film.timeline import Gap
from twin.incidents.dossier import entries_of, gaps_within
from twin.incidents.lexicon import Lexicon, both, plain
from twin.incidents.phrases import TEXTS, duration
from twin.incidents.readings import figures
from twin.incidents.responses import responses
from twin.incidents.threads import about, concerned
from twin.incidents.words import TITLES, sentence

NAMES = Lexicon(Registry([], []), both, {"ann": "安娜"}, {"smoke": Label("烟雾", "Smoke")})


def event(seq: int, kind: str, subject: str = "device:D1", cause: int | None = None, **data: Any) -> Event:
    actor = data.pop("actor", "person:ann")
    known = None if cause is None else str(cause)
    return Event(seq, str(seq), 1000 * seq, kind, subject, actor, known, data, "")


def raised(number: int, alarm: str = "a", device: str = "D1", **data: Any) -> Event:
    name = {"zh": "烟雾", "en": "Smoke"}
    told = {"alarm": alarm, "device": device, "point": "p", "priority": "high", "rule": "smoke", "name": name}
    return event(number, "alarm.raised", f"device:{device}", actor="rule:smoke", **told | data)


STORY = [
    raised(1),
    event(2, "command.sent", "device:FAN", 1, command="c", point="speed", value=1.0),
    event(3, "command.confirmed", "device:FAN", 2, command="c", point="speed", value=1.0, actor="system"),
    event(4, "alarm.acknowledged", cause=1, alarm="a"),
    event(5, "workorder.created", "workorder:w", alarm="a", number=7, title="看看"),
    event(6, "command.sent", "device:LAMP", command="other", point="level", value=0.0),
    event(7, "alarm.returned", cause=4, alarm="a", actor="rule:smoke"),
    event(8, "workorder.verified", "workorder:w", 5, number=7),
    event(9, "alarm.closed", cause=7, alarm="a", actor="system"),
]


def test_what_belongs_to_an_alarm_and_what_does_not() -> None:
    found = concerned(STORY, about((), (), {"a"}))
    assert [each.seq for each in found] == [1, 2, 3, 4, 5, 7, 8, 9]
    assert concerned(STORY, about({"LAMP"}, (), ())) == [STORY[5]]
    assert concerned(STORY, about((), {"guid"}, ())) == []


@given(st.permutations(STORY))
def test_the_order_in_which_events_are_met_changes_nothing(events: list[Event]) -> None:
    found = {each.seq for each in concerned(events, about((), (), {"a"}))}
    assert found == {1, 2, 3, 4, 5, 7, 8, 9}


def test_how_fast_an_alarm_was_answered() -> None:
    (found,) = responses(STORY, 0, 10_000)
    assert (found.raised_ms, found.acknowledged_ms, found.returned_ms, found.closed_ms) == (
        1000,
        4000,
        7000,
        9000,
    )
    assert found.command is not None
    assert (found.command.seq, found.order, found.order_closed_ms) == (2, 7, 8000)
    assert found.acknowledged_by == "person:ann"


def test_what_has_not_happened_is_not_told() -> None:
    (found,) = responses(STORY[:1], 0, 10_000)
    assert (found.acknowledged_ms, found.command, found.returned_ms, found.order) == (None, None, None, None)
    assert responses(STORY, 2000, 10_000) == [], "it was raised before"


def test_a_line_names_the_one_that_led_to_it() -> None:
    entries = entries_of(STORY, NAMES, {}, to_ms=8000)
    assert [(each.number, each.cause) for each in entries] == [
        (1, None), (2, 1), (3, 2), (4, 1), (5, None), (6, None), (7, 4), (8, 5), (9, 7)
    ]  # fmt: skip
    assert [each.after for each in entries] == [False] * 7 + [True] * 2
    assert entries[3].actor == Label("安娜", "安娜")
    assert entries[0].actor == Label("规则“烟雾”", "rule “Smoke”")


@pytest.mark.parametrize("kind", [*TITLES, "something.new", "odd"])
@pytest.mark.parametrize(
    "data", [{}, {"message": {"zh": "话", "en": "words"}}, {"value": math.nan, "point": 3}]
)
def test_every_event_can_be_told(kind: str, data: dict[str, Any]) -> None:
    for subject in ("device:D1", "log", "person:ann", "note:1"):
        said = sentence(event(1, kind, subject, **data), NAMES, {})
        assert said.zh
        assert said.en


def track(*samples: tuple[float, float, int]) -> Track:
    times, values, qualities = zip(*samples, strict=True) if samples else ((), (), ())
    return Track(np.array(times, float), np.array(values, float), np.array(qualities, np.uint8))


def test_figures_are_weighted_by_time() -> None:
    found = figures(track((0.0, 10.0, 0)), track((1250.0, 20.0, 0), (1750.0, 40.0, 0)), 1000.0, 2000.0)
    assert (found.least, found.greatest, found.samples) == (10.0, 40.0, 2)
    assert found.mean == pytest.approx(0.25 * 10 + 0.5 * 20 + 0.25 * 40)
    assert found.doubtful == 0.0


def test_time_without_a_trustworthy_reading_is_counted() -> None:
    found = figures(
        track(), track((1250.0, 20.0, Quality.GOOD), (1750.0, 20.0, Quality.STALE)), 1000.0, 2000.0
    )
    assert found.doubtful == pytest.approx(0.5)
    assert figures(track(), track(), 0.0, 1.0).doubtful == 1.0
    assert math.isnan(figures(track(), track(), 0.0, 1.0).mean)


@given(
    st.lists(
        st.tuples(st.integers(1000, 1999), st.floats(-1e6, 1e6), st.integers(0, 3)), min_size=1, max_size=20
    )
)
def test_a_mean_lies_between_the_least_and_the_greatest(samples: list[tuple[int, float, int]]) -> None:
    found = figures(track(), track(*sorted(samples)), 1000.0, 2000.0)
    assert found.least - 1e-6 <= found.mean <= found.greatest + 1e-6
    assert 0.0 <= found.doubtful <= 1.0


def test_gaps_reach_to_the_ends_of_the_interval() -> None:
    inside = Gap(50.0, 60.0)
    assert gaps_within([inside], (20.0, 80.0), 0, 100) == (Gap(0, 20.0), inside, Gap(80.0, 100))
    assert gaps_within([inside], (20.0, 80.0), 30, 40) == ()
    assert gaps_within([], None, 0, 100) == (Gap(0, 100),)


@pytest.mark.parametrize(
    ("ms", "zh", "en"),
    [
        (400, "0.4 秒", "0.4 s"),
        (187_000, "3 分 7 秒", "3 min 7 s"),
        (3_600_000, "1 小时", "1 h"),
        (90_061_000, "1 天 1 小时", "1 d 1 h"),
    ],
)
def test_lengths_of_time_are_told_in_two_units(ms: int, zh: str, en: str) -> None:
    assert (duration(ms, "zh"), duration(ms, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("number", "text"), [(0.0, "0"), (5.886, "5.89"), (123.46, "123.5"), (12345.6, "12346"), (math.nan, "—")]
)
def test_numbers_are_told_with_the_digits_that_say_something(number: float, text: str) -> None:
    assert plain(number) == text


def test_both_languages_have_the_same_values() -> None:
    for zh, en in TEXTS.values():
        assert sorted(part.split("}")[0] for part in zh.split("{")[1:]) == sorted(
            part.split("}")[0] for part in en.split("{")[1:]
        )
