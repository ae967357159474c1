"""What one viewer of the film has yet to be told, at its own pace. No sockets, no film: pure.

Frames are conflated: of the moments that its player showed while a viewer could not take one, it gets the
newest. Events are not: they wait, each in its place before the frame of its moment. A viewer that lets too
many of them wait, or a frame for too long, is closed, and may come back.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable

from telemetry_bridge.hub import CLOSE_POLICY, CLOSE_TRY_AGAIN_LATER, MAX_ANSWERS, MAX_EVENTS
from telemetry_bridge.selection import EVERYTHING, Selection
from twin.film.replay import Cut
from twin.film.wishes import DEFAULT_AHEAD, DEFAULT_RATE, MAX_AHEAD

PATIENCE_S = 30.0
REPLAY, SESSION, VIEW = "replay", "session", "view"


def _nobody() -> None:
    """Who needs not be told that a viewer can take more."""


class Seat:
    """One viewer. Whoever carries it calls `take` when it can send, and `sent` when that is done; `wake` says
    that there may be more to take, or that `close_code` is set. `freed` is called when it can take more.
    """

    def __init__(self, wake: Callable[[], None], patience_s: float = PATIENCE_S) -> None:
        self._wake, self._patience_s = wake, patience_s
        self.freed: Callable[[], None] = _nobody
        self.close_code: int | None = None
        self.close_reason = ""
        self.selection, self._every_s = EVERYTHING, 1.0 / DEFAULT_RATE
        self._answers: deque[str] = deque()
        self._events: deque[str] = deque()
        self._latest: dict[str, str] = {}
        self._due: Cut | None = None
        self._shown: Cut | None = None
        self._sent_s = -math.inf
        self._sending = False
        self._under_way: deque[int] = deque(maxlen=MAX_AHEAD)
        self._ahead: int | None = None  # it does not acknowledge

    # What it wants

    def select(self, selection: Selection, rate: float | None) -> None:
        """Take some points alone, at most `rate` frames a second; other points begin with a snapshot."""
        self._every_s = 1.0 / (rate or DEFAULT_RATE)
        if selection.id != self.selection.id:
            self.selection = selection
            self._due, self._shown = self._due or self._shown, None
        self._poke()

    def acknowledge(self, seq: int, ahead: int | None) -> None:
        """The frames up to `seq` have been shown; it is never sent more than `ahead` beyond that."""
        while self._under_way and self._under_way[0] <= seq:
            self._under_way.popleft()
        self._ahead = ahead or self._ahead or DEFAULT_AHEAD
        self._poke()

    # What it is told

    def publish(self, cut: Cut, events: Iterable[str] = ()) -> None:
        """Tell it of a moment, and of the events before it."""
        if len(self._events) > MAX_EVENTS:
            self.close(CLOSE_TRY_AGAIN_LATER, "too slow for the events")
            return
        self._events.extend(events)
        self._due = cut
        self._wake()

    def tell(self, kind: str, text: str) -> None:
        """Tell it what replaces anything of the same kind that it has not heard yet."""
        self._latest.pop(kind, None)
        self._latest[kind] = text
        self._wake()

    def answer(self, text: str) -> None:
        """Answer it, before all else; whoever lets too many answers wait is closed."""
        if len(self._answers) >= MAX_ANSWERS:
            self.close(CLOSE_POLICY, "answers wait to be read")
            return
        self._answers.append(text)
        self._wake()

    def begin(self, cut: Cut | None) -> None:
        """Watch another player from now on, which showed that cut last."""
        self._due, self._shown = cut, None
        self._under_way.clear()
        self._poke()

    def close(self, code: int, reason: str = "") -> None:
        """End it with a WebSocket close code; what was waiting is let go."""
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
            self._answers.clear()
            self._events.clear()
            self._latest.clear()
            self._due = self._shown = None
            self._poke()

    def _poke(self) -> None:
        self._wake()
        self.freed()

    # What it takes

    @property
    def is_free(self) -> bool:
        """Whether it has taken all, and may be sent one more frame."""
        waits = self._sending or self._events or self._due is not None
        return self.close_code is None and not waits and self._window_open

    @property
    def _window_open(self) -> bool:
        return self._ahead is None or len(self._under_way) < self._ahead

    def slot_s(self, now_s: float) -> float:
        """When it may be sent the next frame of a player that plays: viewers of one rate together."""
        if not math.isfinite(self._sent_s):
            return now_s
        return max(now_s, math.ceil(self._sent_s / self._every_s + 0.5) * self._every_s)

    def take(self, now_s: float) -> str | bytes | None:
        """The next message to send, or None: wait for `wake`, or until `wait_s`."""
        if not self._window_open and now_s - self._sent_s >= self._patience_s:
            self.close(CLOSE_TRY_AGAIN_LATER, "no frame was acknowledged")
        message = self._take(now_s)
        self._sending = message is not None
        return message

    def sent(self) -> None:
        """What was taken last is with the viewer's system."""
        self._sending = False
        self.freed()

    def _take(self, now_s: float) -> str | bytes | None:
        if self._answers:
            return self._answers.popleft()
        if self._events:
            return self._events.popleft()
        if self._due is not None and self._may_show(self._due, now_s):
            return self._show(self._due, now_s)
        if self._latest:
            return self._latest.pop(next(iter(self._latest)))
        return None

    def _may_show(self, cut: Cut, now_s: float) -> bool:
        return self._window_open and (not cut.follows(self._shown) or self.slot_s(now_s) <= now_s)

    def _show(self, cut: Cut, now_s: float) -> bytes:
        message = cut.message(self._shown, self.selection)
        self._due, self._shown = None, cut
        self._under_way.append(cut.seq)
        self._sent_s = now_s
        return message

    def wait_s(self, now_s: float) -> float | None:
        """How long nothing can be taken if nothing happens; None: for ever."""
        if not self._window_open:
            return max(self._sent_s + self._patience_s - now_s, 0.0)
        return None if self._due is None else max(self.slot_s(now_s) - now_s, 0.0)
