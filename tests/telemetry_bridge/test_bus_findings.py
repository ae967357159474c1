"""What several processes found out, put together."""

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.bus import Findings
from telemetry_bridge.bus_findings import MOST_TOLD, findings_of, refused_by_all, wrong_clocks
from telemetry_bridge.device_clocks import ENOUGH, ClockSkew
from telemetry_bridge.ports import Reading
from telemetry_bridge.refused import RefusedSender
from tests.telemetry_bridge.builders import HandClock, registry

MINUTE_MS = 60_000.0


class Process:
    """One process of several, which share a clock."""

    def __init__(self, clock: HandClock) -> None:
        self.clock, self.bridge = clock, Bridge(registry(), clock)

    def hear(self, behind_ms: float, device: str = "r1") -> None:
        reading = Reading(device, "temperature", 20.0, self.clock.time_ms - behind_ms)
        self.bridge.accept([reading])

    def hear_wrong(self, behind_ms: float, device: str = "r1") -> None:
        for _ in range(ENOUGH + 1):
            self.clock.time_ms += 10_000
            self.hear(behind_ms, device)

    def shows(self, *others: "Process") -> list[tuple[str, float]]:
        found = wrong_clocks(self.bridge, [findings_of(each.bridge) for each in others])
        return [(each.device, each.behind_ms) for each in found]

    def take_over(self, other: "Process") -> None:
        """What the other one has, as over a bus."""
        live = other.bridge.live
        known = live.known.nonzero()[0]
        self.bridge.take_over(known, live.value[known], live.time_ms[known], live.quality[known])


def test_a_clock_that_another_found_wrong_shows_until_somebody_hears_it_right() -> None:
    clock = HandClock()
    server, worker, heir = Process(clock), Process(clock), Process(clock)
    worker.hear_wrong(5 * MINUTE_MS)
    server.take_over(worker)
    assert server.shows(worker, heir) == [("r1", 5 * MINUTE_MS)]
    clock.time_ms += 30 * MINUTE_MS
    assert server.shows(worker) == [("r1", 5 * MINUTE_MS)], "nothing was heard since"
    # Its line goes to another worker, and the device's clock is set.
    heir.hear(0.0)
    server.take_over(heir)
    assert worker.bridge.clocks.skews, "who lost the line cannot know"
    assert server.shows(worker, heir) == []


def test_of_two_findings_the_last_heard_counts_and_the_worst_comes_first() -> None:
    clock = HandClock()
    server, one, other = Process(clock), Process(clock), Process(clock)
    one.hear_wrong(5 * MINUTE_MS)
    other.hear_wrong(-2 * MINUTE_MS, "r2")
    assert server.shows(one, other) == [("r1", 5 * MINUTE_MS), ("r2", -2 * MINUTE_MS)]
    server.hear_wrong(1 * MINUTE_MS)
    assert server.shows(one, other) == [("r2", -2 * MINUTE_MS), ("r1", 1 * MINUTE_MS)]
    assert wrong_clocks(server.bridge, [Findings(clocks=(ClockSkew("gone", 1.0, 0.0),))])[-1].device == "gone"


def test_who_was_refused_by_several_is_one_with_all_times() -> None:
    clock = HandClock()
    server, worker = Process(clock), Process(clock)
    server.bridge.refused.count("message", "ghost", "unknown_device")
    server.bridge.refused.count("http", "ghost", "bad_secret")
    ghost = RefusedSender("message", "ghost", "unknown_device", 4, 10.0, 9e12)
    found, total = refused_by_all(server.bridge, [findings_of(worker.bridge), Findings((ghost,), 6)])
    assert total == 8
    assert [(each.way, each.name, each.times) for each in found] == [
        ("message", "ghost", 5),
        ("http", "ghost", 1),
    ]
    assert (found[0].first_ms, found[0].last_ms) == (10.0, 9e12)


def test_what_is_told_is_bounded_and_the_count_is_not() -> None:
    process = Process(HandClock())
    for number in range(MOST_TOLD + 50):
        process.bridge.refused.count("message", f"ghost-{number}", "unknown_device")
    told = findings_of(process.bridge)
    assert (len(told.refused), told.refused_total) == (MOST_TOLD, MOST_TOLD + 50)
    assert told.refused[0].name == f"ghost-{MOST_TOLD + 49}", "the last first"
