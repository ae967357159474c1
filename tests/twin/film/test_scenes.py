"""Which model and which bindings were in force when: against a naive list of milliseconds, and kept."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.telemetry_bridge.builders import HandClock
from tests.twin.film.filming import Filming, noise
from tests.twin.film.scenes import START_MS
from twin.errors import DamagedFilmError
from twin.film.film import Film
from twin.film.scene_book import SceneBook
from twin.film.scenes import BindingSet, Scene, StoredBindings, decode_bindings, encode_bindings
from twin.film.timeline import just_after
from twin.store.tables import FILM_BINDINGS, FILM_SCENE

MOST_MS = 60


@dataclass
class Venue:
    """Servers one after the other, a clock in whole ms, and what was in force in each of them, naively."""

    book: SceneBook = field(default_factory=SceneBook)
    follows: SceneBook = field(default_factory=SceneBook)
    rows: dict[int, Scene] = field(default_factory=dict)
    now: int = 20
    shown: str = "a"
    runs: bool = False
    truth: dict[int, str] = field(default_factory=dict)
    first: int | None = None

    def do(self, act: tuple[str, int, str]) -> None:
        kind, number, shown = act
        match kind:
            case "start" if not self.runs:
                self.start(shown)
            case "stop" if self.runs:
                self.keep()
                self.runs = False
            case "bind" if self.runs:
                self.shown = shown
                self.book.change(shown, "set", self.now)
                self.note()
            case "wait":
                self.wait(number)
            case "back":
                self.now = max(self.now - number, 0)
                if self.runs:
                    self.book.begin(self.shown, "set", self.now)
                    self.note()

    def start(self, shown: str) -> None:
        """The server before left its scene open; its film ended with the last moment that it recorded."""
        imported = -1.0  # of long ago, and written last
        film_ends = [just_after(self.last_ms), imported] if self.truth else []
        between = range(self.last_ms + 1, self.now + 1)
        if self.truth and shown == self.shown and not self.truth.keys() & set(between):
            self.truth.update(dict.fromkeys(between, shown))  # it went on while no server ran
        self.book, self.shown, self.runs = SceneBook(), shown, True
        self.book.learn(list(self.rows.values()), film_ends)
        self.book.begin(shown, "set", self.now)
        self.note()

    last_ms: int = 0

    def wait(self, number: int) -> None:
        for _ in range(number):
            self.now += 1
            if self.runs:
                self.note()

    def note(self) -> None:
        self.truth[self.now], self.last_ms = self.shown, self.now
        self.book.touch(self.now)

    def keep(self) -> None:
        """What the database has."""
        found = tuple(self.book.unwritten.values())
        self.rows.update({each.number: each for each in found})
        self.book.written(found)

    def expected(self, time_ms: int) -> str | None:
        return next((self.truth[at] for at in range(time_ms, -1, -1) if at in self.truth), None)


acts = st.lists(
    st.tuples(
        st.sampled_from(["start", "start", "stop", "bind", "bind", "wait", "wait", "back"]),
        st.integers(1, 12),
        st.sampled_from("abc"),
    ),
    max_size=25,
)


@given(acts)
@example(
    [
        ("start", 1, "b"),
        ("stop", 1, "a"),
        ("wait", 2, "a"),
        ("start", 1, "b"),
        ("stop", 1, "a"),
        ("start", 1, "a"),
        ("back", 2, "a"),
    ]
)
@settings(max_examples=150)
def test_the_scene_of_a_time_is_what_was_in_force_when_that_time_was_recorded(
    did: list[tuple[str, int, str]],
) -> None:
    venue = Venue()
    for act in did:
        venue.do(act)
        venue.keep()
        venue.follows.take(venue.rows.values(), venue.now)
    for time_ms in range(MOST_MS * 6):
        found = venue.book.at(time_ms)
        assert (None if found is None else found.revision) == venue.expected(time_ms), time_ms
    if venue.runs:  # who followed all the time, and who begins to, see the same
        for follows in (venue.follows, SceneBook()):
            follows.take(venue.rows.values(), venue.now)
            seen = [follows.at(each) for each in range(MOST_MS)]
            assert seen == [venue.book.at(each) for each in range(MOST_MS)]


def known(book: SceneBook) -> list[tuple[float, float, str, str]]:
    return [(begin, end, scene.revision, scene.bindings) for begin, end, scene in book.spans()]


def test_after_an_import_of_what_was_before_a_start_with_the_same_goes_on() -> None:
    own, brought = Scene(1, 1000.0, 2000.0, "r", "same"), Scene(2, 0.0, 500.0, "r", "other")
    book = SceneBook()
    book.learn([own, brought], [2000.0])
    book.begin("r", "same", 3000.0)
    assert list(book.unwritten.values()) == [Scene(3, 1000.0, None, "r", "same")]
    assert known(book) == [(0.0, 500.0, "r", "other"), (1000.0, just_after(3000.0), "r", "same")]
    # The next start finds it as any that goes on.
    again = SceneBook()
    again.learn([own, brought, Scene(3, 1000.0, None, "r", "same")], [3500.0])
    again.begin("r", "same", 4000.0)
    assert list(again.unwritten) == [3]
    assert known(again)[1:] == [(1000.0, just_after(4000.0), "r", "same")]


@pytest.mark.parametrize(
    ("brought", "revision"),
    [
        (Scene(2, 0.0, 500.0, "r", "other"), "s"),  # another model is shown
        (Scene(2, 2500.0, 2600.0, "r", "other"), "r"),  # something else was in force after it
        (Scene(2, 1500.0, 1600.0, "r", "other"), "r"),  # it was another in between
    ],
)
def test_after_an_import_what_is_not_the_same_begins_anew(brought: Scene, revision: str) -> None:
    book = SceneBook()
    book.learn([Scene(1, 1000.0, 2000.0, "r", "same"), brought], [2000.0])
    book.begin(revision, "same", 3000.0)
    assert list(book.unwritten.values()) == [Scene(3, 3000.0, None, revision, "same")]
    found = book.at(brought.from_ms)
    assert found is not None
    assert found.bindings == "other"


devices = st.dictionaries(st.text(max_size=6), st.one_of(st.none(), st.text(max_size=22)), max_size=12)


@given(devices, devices)
@settings(max_examples=100)
def test_bindings_come_back_as_they_were_whole_or_by_what_changed(
    before: dict[str, str | None], after: dict[str, str | None]
) -> None:
    base, found = BindingSet.of(before), BindingSet.of({**before, **after})
    whole = encode_bindings(base, None)
    assert decode_bindings(whole, None) == base
    stored = encode_bindings(found, base)
    assert stored.base in (None, base.hash)
    assert decode_bindings(stored, None if stored.base is None else base) == found
    assert found.changed_since(base).applied_to(base) == found
    assert base.changed_since(found).applied_to(found) == base


def test_one_device_of_many_is_kept_as_what_changed() -> None:
    many: dict[str, str | None] = {f"D-{each}": f"{each:022}" for each in range(1000)}
    base, found = BindingSet.of(many), BindingSet.of({**many, "D-7": None})
    stored = encode_bindings(found, base)
    assert stored.base == base.hash
    assert len(stored.data) < 100


def test_damaged_bindings_are_refused() -> None:
    stored = encode_bindings(BindingSet.of({"D-1": "a"}), None)
    for data in (b"", b"nonsense", encode_bindings(BindingSet.of({"D-1": "b"}), None).data):
        with pytest.raises(DamagedFilmError, match=stored.hash):
            decode_bindings(replace(stored, data=data), None)
    with pytest.raises(DamagedFilmError):
        decode_bindings(StoredBindings(stored.hash, "other", stored.data), BindingSet.of({"D-2": "c"}))


async def begun(engine: AsyncEngine, start_ms: float, revision: str, bound: dict[str, str | None]) -> Filming:
    """A server that shows a revision with these bindings from its start on."""
    filming = await Filming.begin(engine, start_ms)
    await filming.film.scenes.put(revision, bound)
    filming.film.scenes.begin(start_ms)
    return filming


async def shown(film: Film, time_ms: float) -> tuple[str, dict[str, str | None]] | None:
    scene = film.scenes.at(time_ms)
    return (
        None
        if scene is None
        else (scene.revision, dict((await film.scenes.bindings(scene.bindings)).elements))
    )


async def rows(engine: AsyncEngine) -> tuple[int, int]:
    """How many scenes and sets are kept."""
    async with engine.connect() as connection:
        counts = [
            (await connection.execute(select(func.count()).select_from(table))).scalar()
            for table in (FILM_SCENE, FILM_BINDINGS)
        ]
    return counts[0] or 0, counts[1] or 0


async def test_the_film_knows_what_was_in_force_over_changes_and_restarts(engine: AsyncEngine) -> None:
    one, two = {"D-1": "a", "D-2": None}, {"D-1": "b", "D-2": None}
    filming = await begun(engine, START_MS, "r1", one)
    await filming.film.scenes.flush()
    for frame in noise(5):
        filming.record(frame)
    changed_ms = filming.clock.time_ms
    await filming.film.scenes.put("r1", two)
    for frame in noise(5, changed_ms):
        filming.record(frame)
    await filming.film.scenes.flush()
    await filming.film.recorder.stop()
    later_ms = filming.clock.time_ms + 60_000.0
    again = await begun(engine, later_ms, "r1", two)
    await again.film.scenes.flush()
    assert await rows(engine) == (2, 2)  # the same goes on over a restart
    newer = await begun(engine, later_ms + 60_000.0, "r2", one)
    await newer.film.scenes.flush()
    assert await rows(engine) == (3, 2)  # a set is kept once
    for film in (newer.film, await following(engine, newer.clock.time_ms)):
        assert await shown(film, START_MS - 1) is None
        assert await shown(film, changed_ms - 1) == ("r1", one)
        assert await shown(film, changed_ms) == ("r1", two)
        assert await shown(film, later_ms + 1) == ("r1", two)
        assert await shown(film, newer.clock.time_ms) == ("r2", one)


async def following(engine: AsyncEngine, now_ms: float) -> Film:
    """The film as a server sees it that does not record it."""
    known = await Filming.begin(engine, now_ms)
    film = Film(engine, known.registry, HandClock(now_ms))
    await film.open(records=False)
    return film


async def test_a_clock_set_back_records_the_time_once_more(engine: AsyncEngine) -> None:
    filming = await begun(engine, START_MS, "r1", {"D-1": "a"})
    for frame in noise(50):
        filming.record(frame)
    await filming.film.scenes.put("r1", {"D-1": "b"})
    for frame in noise(50, filming.clock.time_ms):
        filming.record(frame)
    filming.film.scenes.at(START_MS)  # as every reader, and every write, does
    assert await shown(filming.film, START_MS + 5000) == ("r1", {"D-1": "a"})
    for frame in noise(5, START_MS + 4000):
        filming.record(frame)
    assert await shown(filming.film, START_MS + 3000) == ("r1", {"D-1": "a"})
    assert await shown(filming.film, START_MS + 4500) == ("r1", {"D-1": "b"})
    assert await shown(filming.film, START_MS + 9000) == ("r1", {"D-1": "a"})
    assert await shown(filming.film, START_MS + 15000) == ("r1", {"D-1": "b"})


async def test_scenes_go_with_their_film(engine: AsyncEngine) -> None:
    filming = await begun(engine, START_MS, "r1", {"D-1": "a"})
    for number, element in enumerate("bcd"):
        filming.clock.time_ms = START_MS + (number + 1) * 1000.0
        await filming.film.scenes.put("r1", {"D-1": element})
    await filming.film.scenes.flush()
    assert await rows(engine) == (4, 4)
    await filming.film.scenes.clean(START_MS + 2500.0)
    assert await rows(engine) == (2, 2)
    assert await shown(filming.film, START_MS + 2600.0) == ("r1", {"D-1": "c"})
    await filming.film.scenes.put("r1", {"D-1": "a"})  # a set that was deleted is kept again
    await filming.film.scenes.flush()
    film = await following(engine, filming.clock.time_ms)
    assert await shown(film, filming.clock.time_ms) == ("r1", {"D-1": "a"})


async def test_a_disk_that_is_full_is_tried_again_and_said(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    filming = await begun(engine, START_MS, "r1", {"D-1": "a"})
    scenes = filming.film.scenes

    def full() -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(scenes._store, "writing", full)
        await scenes.flush()
        assert scenes.note is not None
        assert "No space left" in scenes.note
        assert await shown(filming.film, START_MS) == ("r1", {"D-1": "a"})
    await scenes.flush()
    assert scenes.note is None
    assert await rows(engine) == (1, 1)


async def test_of_several_servers_the_one_that_records_writes(engine: AsyncEngine) -> None:
    first = await begun(engine, START_MS, "r1", {"D-1": "a"})
    await first.film.follow_only()  # nobody records for a while
    first.clock.time_ms += 1000.0
    await first.film.record(1)
    other = Film(engine, first.registry, first.clock)
    await other.scenes.put("r1", {"D-1": "a"})
    async with other.running(records=False):
        await other.scenes.put("r1", {"D-1": "b"})  # it hears of a re-binding before the other does
        assert await shown(other, START_MS) == ("r1", {"D-1": "a"})
        assert await rows(engine) == (1, 1)
        first.clock.time_ms += 5000.0
        await other.record(2)  # the first was stopped, and does not know
        assert await shown(other, first.clock.time_ms) == ("r1", {"D-1": "b"})
        await first.film.scenes.put("r1", {"D-1": "c"})
        await first.film.scenes.flush()
        assert first.film.scenes.note is not None
        assert "taken the film over" in first.film.scenes.note
    await first.film.follow_only()
    await first.film._catch_up()
    assert first.film.scenes.note is None
    assert await shown(first.film, START_MS) == ("r1", {"D-1": "a"})
    assert await shown(first.film, first.clock.time_ms) == ("r1", {"D-1": "b"})
    await first.film._end()
