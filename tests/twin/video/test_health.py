"""What the log of events is told of cameras, and what states are kept."""

from twin.video.health import PATIENCE_MS, CameraHealth, Watch, changed


def health(state: str, reason: str = "", last_ms: float | None = None) -> CameraHealth:
    return CameraHealth(state, 0.0, reason, "", last_ms)  # type: ignore[arg-type]


def test_a_camera_that_stays_away_is_lost_once_and_back_once() -> None:
    watch = Watch()
    assert watch.look(0.0, {"c": health("recording", last_ms=0.0)}) == []
    down = {"c": health("down", "unreachable", last_ms=500.0)}
    assert watch.look(1000.0, down) == []
    assert watch.look(999.0 + PATIENCE_MS, down) == []
    (lost,) = watch.look(1000.0 + PATIENCE_MS, down)
    assert (lost.type, lost.subject, lost.data["reason"]) == ("camera.lost", "device:c", "unreachable")
    assert lost.data["from_ms"] == 500.0
    assert watch.look(9000.0 + PATIENCE_MS, down) == []
    assert watch.look(9000.0 + PATIENCE_MS, {"c": health("connecting")}) == []
    (back,) = watch.look(60_000.0, {"c": health("recording")})
    assert (back.type, back.data) == ("camera.back", {"camera": "c", "from_ms": 500.0, "to_ms": 60_000.0})
    assert watch.look(61_000.0, {"c": health("recording")}) == []


def test_a_camera_that_comes_back_soon_or_is_switched_off_is_no_event() -> None:
    watch = Watch()
    for now_ms, state in ((0.0, "down"), (10_000.0, "recording"), (15_000.0, "down"), (30_000.0, "off")):
        assert watch.look(now_ms, {"c": health(state)}) == []
    assert watch.look(40_000.0, {"c": health("down")}) == []
    assert watch.look(59_000.0, {}) == []
    assert watch.look(90_000.0, {"c": health("down")}) == []


def test_that_the_disk_has_too_little_room_is_told_once() -> None:
    watch = Watch()
    told = [[each.type for each in watch.look(0.0, {}, low=low)] for low in (False, True, True, False, False)]
    assert told == [[], ["video.paused"], [], ["video.resumed"], []]


def test_a_state_keeps_its_beginning_and_the_last_picture() -> None:
    before = CameraHealth("recording", 5.0, last_ms=7.0)
    assert changed(before, CameraHealth("recording", 9.0, last_ms=8.0)).since_ms == 5.0
    down = changed(before, CameraHealth("down", 9.0, "ended"))
    assert (down.since_ms, down.last_ms) == (9.0, 7.0)
