"""Viewers of the film are told which model and which bindings were in force at the moment that they see."""

import json
import math

from tests.telemetry_bridge.test_wire_doc import json_blocks, section
from tests.twin.film.playing import Clock, Log, MemoryFilm, Watcher, settled, showing_of
from tests.twin.film.test_showing import FRAMES, PIECES, T0, never, play, seek
from twin.film.scene_book import SceneBook
from twin.film.scenes import Scene

FROM_MS = (T0 + 10_000.0, T0 + 30_000.0)


def scenes() -> SceneBook:
    """None was noted for ten seconds, then there was one for twenty, then another one."""
    book, last = SceneBook(), FROM_MS[1]
    book.learn([Scene(1, FROM_MS[0], last, "r1", "b1"), Scene(2, last, None, "r2", "b2")], [math.inf])
    return book


async def test_a_seek_and_playing_over_a_change_tell_the_scene_with_the_first_frame_of_it() -> None:
    clock = Clock()
    showing = showing_of(MemoryFilm(FRAMES, PIECES, scenes=scenes()), Log(()), clock)
    watcher = Watcher(clock)
    showing.attach(watcher.seat)
    seen: list[tuple[float, str | None]] = []

    async def look() -> None:
        await settled(showing)
        watcher.take()
        last = watcher.heard("replay")[-1]["scene"]
        seen.append((watcher.frames[-1].time_ms, None if last is None else last["bindings"]))

    for time_ms in (T0 + 5000.0, T0 + 15_000.0, T0 + 35_000.0):
        showing.move(seek(time_ms), never)
        await look()
    assert seen == [(T0 + 5000.0, None), (T0 + 15_000.0, "b1"), (T0 + 35_000.0, "b2")]
    told, example = watcher.heard("replay")[-1], json.loads(json_blocks(section("The film"))[1])
    assert (told["scene"]["revision"], set(told), set(told["scene"])) == (
        "r2",
        set(example),
        set(example["scene"]),
    )
    showing.move(play(-60.0), never)
    for _ in range(12):
        clock.now_s += 0.05
        await look()
        shown_ms, bindings = seen[-1]
        assert bindings == (None if shown_ms < FROM_MS[0] else "b1" if shown_ms < FROM_MS[1] else "b2")
    assert seen[-1][1] is None
