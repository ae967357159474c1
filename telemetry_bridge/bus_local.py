"""The bus of a single process: everything is handed on at once, and whoever asks first holds a lease."""

import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence

from telemetry_bridge.bus import Batch, ProcessReport, TakeBatch, TakeCommand
from telemetry_bridge.errors import CommandError
from telemetry_bridge.held_token import HeldToken
from telemetry_bridge.ports import Command

REMEMBERED = 10_000


class LocalSamples:
    """Samples handed to subscribers as they come."""

    def __init__(self) -> None:
        self._subscribers: list[TakeBatch] = []
        self._state: Batch | None = None

    def publish(self, batch: Batch) -> None:
        """Hand samples on."""
        for take in self._subscribers:
            take(batch)

    def subscribe(self, take: TakeBatch) -> None:
        """Call `take` with the state that was kept, then with every batch."""
        if self._state is not None:
            take(self._state)
        self._subscribers.append(take)

    async def keep(self, state: Batch) -> None:
        """Keep the whole state."""
        self._state = state


class LocalCommands:
    """Commands handed to the line that serves them; each once."""

    def __init__(self) -> None:
        self._serving: dict[str, TakeCommand] = {}
        self._sent: OrderedDict[str, None] = OrderedDict()

    async def hand_over(self, line: str, command: Command) -> None:
        """Give a command to who serves the line. CommandError: nobody does, or it could not be sent."""
        send = self._serving.get(line)
        if send is None:
            raise CommandError(f"nobody serves the line {line}")
        if command.id in self._sent:
            return
        self._sent[command.id] = None
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        await send(command)

    @contextlib.asynccontextmanager
    async def serve(self, line: str, send: TakeCommand) -> AsyncIterator[None]:
        """Take the line's commands until the block ends."""
        self._serving[line] = send
        try:
            yield
        finally:
            if self._serving.get(line) is send:
                del self._serving[line]


class LocalBell:
    """Calls those who listen."""

    def __init__(self) -> None:
        self._hearing: list[Callable[[int], None]] = []

    def ring(self, seq: int) -> None:
        """Say that events up to `seq` are on disk."""
        for hear in self._hearing:
            hear(seq)

    def listen(self, hear: Callable[[int], None]) -> None:
        """Call `hear` with every `seq`."""
        self._hearing.append(hear)


class LocalLease(HeldToken):
    """A lease in a queue of those who want it."""

    def __init__(self, queue: "list[LocalLease]", next_token: Callable[[], int]) -> None:
        super().__init__()
        self._queue, self._next_token = queue, next_token

    def ask(self) -> None:
        """Ask for it; harmless when it is asked for already."""
        if self not in self._queue:
            self._queue.append(self)
            self._promote()

    def _promote(self) -> None:
        if self._queue and not self._queue[0]._token:
            self._queue[0]._set(self._next_token())

    async def give_up(self) -> None:
        """Let another have it."""
        if self in self._queue:
            self._queue.remove(self)
            self._set(0)
            self._promote()


class LocalBoard:
    """What was posted in this process, under several names where it plays several processes."""

    def __init__(self) -> None:
        self._told: dict[str, ProcessReport] = {}

    def post(self, report: ProcessReport) -> None:
        """Replace what was said before under this name."""
        self._told[report.name] = report

    @property
    def processes(self) -> Sequence[ProcessReport]:
        """What was told, by name."""
        return tuple(sorted(self._told.values(), key=lambda each: each.name))


class LocalBus:
    """See the module's text; made once for the process."""

    name = "this process"
    note: str | None = None

    def __init__(self) -> None:
        self.samples, self.commands = LocalSamples(), LocalCommands()
        self.bell, self.board = LocalBell(), LocalBoard()
        self._queues: dict[str, list[LocalLease]] = {}
        self._last_token = 0

    def lease(self, name: str, *, asked: bool = True) -> LocalLease:
        """Give a lease; it is held at once where nobody else holds it."""
        lease = LocalLease(self._queues.setdefault(name, []), self._next_token)
        if asked:
            lease.ask()
        return lease

    def _next_token(self) -> int:
        self._last_token += 1
        return self._last_token

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do nothing: there is nobody to join."""
        yield
