"""What several processes found out by themselves, put together. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from telemetry_bridge.bridge import Bridge
from telemetry_bridge.bus import Findings
from telemetry_bridge.device_clocks import TOLERANCE_MS, ClockSkew
from telemetry_bridge.refused import RefusedSender

#: So many of each kind are told to the others.
MOST_TOLD = 200


def findings_of(bridge: Bridge) -> Findings:
    """Give what this process found."""
    refused = bridge.refused
    return Findings(refused.all()[:MOST_TOLD], refused.total, bridge.clocks.skews[:MOST_TOLD])


def refused_by_all(bridge: Bridge, others: Sequence[Findings]) -> tuple[tuple[RefusedSender, ...], int]:
    """Give everyone who was turned away by this process or another, the last first, and how many times."""
    found: dict[tuple[str, str, str], RefusedSender] = {}
    for each in (*bridge.refused.all(), *(each for other in others for each in other.refused)):
        key = each.way, each.name, each.fault
        known = found.get(key)
        found[key] = each if known is None else _joined(known, each)
    total = bridge.refused.total + sum(other.refused_total for other in others)
    return tuple(sorted(found.values(), key=lambda each: -each.last_ms)), total


def _joined(one: RefusedSender, other: RefusedSender) -> RefusedSender:
    return replace(
        one,
        times=one.times + other.times,
        first_ms=min(one.first_ms, other.first_ms),
        last_ms=max(one.last_ms, other.last_ms),
    )


def wrong_clocks(bridge: Bridge, others: Iterable[Findings]) -> tuple[ClockSkew, ...]:
    """Give the clocks that are wrong for this process or another, the worst first."""
    found = {each.device: each for each in bridge.clocks.skews}
    for each in (each for other in others for each in other.clocks):
        known = found.get(each.device)
        if (known is None or known.heard_ms < each.heard_ms) and not _heard_since(bridge, each):
            found[each.device] = each
    return tuple(sorted(found.values(), key=lambda each: -abs(each.behind_ms)))


def _heard_since(bridge: Bridge, skew: ClockSkew) -> bool:
    """Whether a device was heard by somebody else, long after the other process heard it with a wrong time.

    The other process does not get its samples any more, as when its line was taken over, and cannot know
    whether the clock is right by now.
    """
    times = [bridge.live.time_ms[point.point_index] for point in bridge.registry.points_of(skew.device)]
    return any(time_ms > skew.heard_ms + TOLERANCE_MS for time_ms in times)  # -inf: never heard
