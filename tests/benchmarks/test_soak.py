"""A day of telemetry, time-compressed: memory stays flat, and nothing drifts from a replay of the inputs."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.soak import GOAL_GROWTH_MIB, Plan, Reference, arrivals, soaked
from telemetry_bridge.live import LiveState


def test_an_hour_does_not_drift() -> None:
    figures = soaked(Plan(points=60, rate=2.0, hours=1))
    assert figures["samples"] > 5000
    assert figures["events_seen"] == 360


def test_a_state_that_takes_late_samples_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        LiveState, "_may_apply", lambda self, samples, simulated: np.ones(len(samples), dtype=np.bool_)
    )
    with pytest.raises(SystemExit, match="the live state is"):
        soaked(Plan(points=60, rate=2.0, hours=1))


def test_the_inputs_are_the_same_every_time() -> None:
    first, second = Reference(), Reference()
    for reference in (first, second):
        for arrival in arrivals(Plan(points=60, rate=2.0, hours=1)):
            reference.take(arrival)
    one, other = first.state(60, 0.0), second.state(60, 0.0)
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_day_does_not_drift_and_takes_no_more_memory() -> None:
    figures = soaked(Plan(points=2000, rate=100.0, hours=24))
    assert figures["samples"] > 7_000_000
    assert figures["growth_mib_from_a_quarter"] <= GOAL_GROWTH_MIB
