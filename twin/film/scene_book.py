"""Which scene tells of which time, and what becomes of that when something happens. Pure.

A scene begins with the film, a re-binding or another revision, and tells of the time until the next one.
Where the clock was set back two of them tell of the same time; the one recorded later counts, as for segments
of film. A time when no server ran has the scene before it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from twin.film.scenes import Scene
from twin.film.timeline import Timeline, just_after


class SceneBook:
    """Scenes as they were recorded. `unwritten` are those that the database does not know so yet, by number.

    Times are ms since 1970 UTC.
    """

    def __init__(self) -> None:
        self._scenes: dict[int, Scene] = {}  # in the order of their numbers
        self._timeline = Timeline()
        self._seen_ms = -math.inf
        self.unwritten: dict[int, Scene] = {}

    def __len__(self) -> int:
        return len(self._scenes)

    @property
    def last(self) -> Scene | None:
        """The one that was recorded last."""
        return next(reversed(self._scenes.values()), None)

    # What is read

    def at(self, time_ms: float) -> Scene | None:
        """What was in force at a time; None: nobody noted it, or it was given up."""
        found = self._timeline.at(time_ms)
        scene = None if found is None else self._scenes[found[0].segment]
        return scene if scene is not None and scene.is_known else None

    def between(self, from_ms: float, to_ms: float) -> list[tuple[float, Scene]]:
        """What was in force from one time to another, each with since when within that, in order."""
        first = self.at(from_ms)
        pieces = self._timeline.pieces(from_ms, just_after(to_ms))
        later = [(piece.from_ms, self._scenes[piece.segment]) for piece in pieces if piece.from_ms > from_ms]
        found = [each for each in later if each[1].is_known]
        return found if first is None else [(from_ms, first), *found]

    def spans(self) -> list[tuple[float, float, Scene]]:
        """Which scene tells of which time, from and to, in order, none over another; the time that each was
        noted for, and no gaps.
        """
        pieces = self._timeline.pieces(-math.inf, math.inf)
        return [(piece.from_ms, piece.to_ms, self._scenes[piece.segment]) for piece in pieces]

    # What another server records, and what was recorded before

    def take(self, scenes: Iterable[Scene], now_ms: float) -> None:
        """Note scenes of the database, in the order of their numbers; one that is known may have ended."""
        news = [scene for scene in scenes if self._scenes.get(scene.number) != scene]
        reached_too_far = any(
            scene.number in self._scenes and scene.until_ms is not None and scene.until_ms < self._seen_ms
            for scene in news
        )
        self._scenes.update((scene.number, scene) for scene in news)
        if reached_too_far:  # what lies beneath comes to light again
            self._timeline = Timeline()
        for scene in sorted(self._scenes.values(), key=_number) if reached_too_far else news:
            self._note(scene)
        self.touch(now_ms)

    def _note(self, scene: Scene) -> None:
        self._scenes[scene.number] = scene
        if scene.until_ms is None:
            self._seen_ms = scene.from_ms
            self._reach(scene)
        else:
            self._timeline.add(scene.number, scene.from_ms, scene.until_ms)

    def _reach(self, scene: Scene) -> None:
        self._timeline.add(scene.number, scene.from_ms, just_after(max(self._seen_ms, scene.from_ms)))

    def touch(self, now_ms: float) -> None:
        """Let the scene in force reach to now."""
        last = self.last
        if last is not None and last.until_ms is None and now_ms > self._seen_ms:
            self._seen_ms = now_ms
            self._reach(last)

    def forget_before(self, time_ms: float) -> list[int]:
        """Leave out what ended before a time, but for the last; gives the numbers."""
        last = self.last
        old = [
            scene.number
            for scene in self._scenes.values()
            if scene is not last and scene.until_ms is not None and scene.until_ms < time_ms
        ]
        self._timeline.remove(old)
        for number in old:
            del self._scenes[number]
        return old

    # What this server records

    def learn(self, scenes: Sequence[Scene], film_ends_ms: Sequence[float]) -> None:
        """Note all scenes of the database, in order. The server that recorded them has stopped: what was in
        force then tells of the time until its film ends, at the last of `film_ends_ms` that is later than its
        beginning (film of before may have been imported since).
        """
        for scene in scenes[:-1]:
            self._note(scene)
        for last in scenes[-1:]:
            if last.until_ms is None:
                ends_ms = (end_ms for end_ms in reversed(film_ends_ms) if end_ms > last.from_ms)
                self._write(last.ended(next(ends_ms, last.from_ms)))
            else:
                self._note(last)

    def begin(self, revision: str, bindings: str, time_ms: float) -> None:
        """Film begins, with the start of a server or because the clock was set back."""
        last = self.last
        before = self._brought_before(time_ms)
        if last is not None and before is not None and before.shows(revision, bindings):
            # Nothing has changed here since; what came in is of earlier. It goes on, over itself.
            self._write(Scene(last.number + 1, before.from_ms, None, revision, bindings))
        elif last is None or not last.shows(revision, bindings):
            self._begin(revision, bindings, time_ms)
        elif last.until_ms is None:
            if time_ms < self._seen_ms:
                self._begin(revision, bindings, time_ms)
        elif last.until_ms <= time_ms and not self._timeline.pieces(last.until_ms, time_ms):
            self._write(replace(last, until_ms=None))  # nothing has changed since: it goes on
        else:
            self._begin(revision, bindings, time_ms)
        self.touch(time_ms)

    def _brought_before(self, time_ms: float) -> Scene | None:
        """The scene that was in force last, where those of an import came after it; it shows as a whole."""
        last, pieces = self.last, self._timeline.pieces(-math.inf, math.inf)
        if last is None or last.until_ms is None or not pieces or pieces[-1].to_ms > time_ms:
            return None
        found = self._scenes[pieces[-1].segment]
        is_whole = (found.from_ms, found.until_ms) == (pieces[-1].from_ms, pieces[-1].to_ms)
        return found if found is not last and is_whole else None

    def change(self, revision: str, bindings: str, time_ms: float) -> None:
        """Something else is in force from now on."""
        last = self.last
        if last is None or not last.shows(revision, bindings):
            self._begin(revision, bindings, time_ms)

    def _begin(self, revision: str, bindings: str, time_ms: float) -> None:
        last = self.last
        if last is not None and last.until_ms is None:
            is_back = time_ms < self._seen_ms
            self._write(last.ended(just_after(self._seen_ms) if is_back else time_ms))
        self._write(Scene(1 if last is None else last.number + 1, time_ms, None, revision, bindings))

    def _write(self, scene: Scene) -> None:
        self.unwritten[scene.number] = scene
        self._note(scene)

    def written(self, scenes: Iterable[Scene]) -> None:
        """The database knows these."""
        for scene in scenes:
            if self.unwritten.get(scene.number) is scene:
                del self.unwritten[scene.number]


def _number(scene: Scene) -> int:
    return scene.number
