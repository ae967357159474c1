"""One frame to many clients: what it costs the server, beside the bare writes and beside usual ways.

    python -m benchmarks.fanout [--quick] [--clients 100,1000,5000] [--rounds N]

Five servers, each in a process of its own with as many real WebSocket clients, which live in one more process
a server and do nothing but receive:

- `ours`: uvicorn, the live socket and the hub, as `twin serve` runs them; a frame is encoded, conflated,
  published;
- `floor`: a loop of `transport.write` of the same bytes on uvloop, nothing kept and nothing checked: what the
  system calls alone cost;
- `broadcast`: `websockets.broadcast` on uvloop;
- `starlette`: a loop of `send_bytes` over the WebSockets of a Starlette endpoint, on the same uvicorn: no
  conflation, and one slow client holds up all;
- `tasks`: the same endpoint served as it must be if a slow client is not to hold up the others, with a task
  a client, here with our own hub: what the live socket is where it may not have the transport.

What is counted is the server process's CPU time (user and system) from the call to the empty buffers, by
frame and client. Most of it is the kernel's: over loopback the sender's system call carries the bytes through
TCP to the receiver's socket. `user` is the part outside the kernel. All servers stand at once and take turns
in every round, so that a busy machine is busy for all; ratios are those within a round, and what is shown is
the median. Memory is the growth of the resident set by client, all clients idle; the kernel's buffers are not
in it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import os
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.asyncio.server import serve as serve_websockets
from websockets.http11 import Request
from websockets.server import ServerProtocol

from benchmarks.report import finish, print_table
from telemetry_bridge.bridge import Bridge, Outgoing
from telemetry_bridge.clock import SystemClock
from telemetry_bridge.framing import server_frame
from telemetry_bridge.hub import Hub
from telemetry_bridge.live_connection import Patience
from telemetry_bridge.live_socket import LiveSocket, SocketSettings
from telemetry_bridge.points import Device, DeviceType, PointType, Registry
from telemetry_bridge.uvicorn_handover import HandoverProtocol
from telemetry_bridge.wire import Frame, Kind, encode_frame, frame_bytes

KINDS = ("ours", "floor", "broadcast", "starlette", "tasks")
POINTS = 20_000
SAMPLES = 44
"""Samples in a frame: 596 bytes."""
RIVALS = ("broadcast", "starlette", "tasks")
GOAL_FLOOR = 1.5
GOAL_STARLETTE = 2.0
GOAL_KIB = 16.0
HANDSHAKES_AT_ONCE = 50
QUIET_S = 1.5
MANY = 1_000_000
"""No limit: the clients answer no pings, so none of the servers sends any."""

Publish = Callable[[int], Awaitable[None]]
"""Sends one frame, given its number."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: how many clients, rounds, and frames a round."""

    clients: tuple[int, ...]
    rounds: int
    frames: int


def frame_of(number: int) -> Frame:
    """A delta of as many samples as a venue changes in a fifth of a second."""
    index = np.arange(SAMPLES, dtype=np.uint32) * 7
    value = np.full(SAMPLES, float(number))
    return Frame(Kind.DELTA, number, time.time() * 1000.0, index, value, np.zeros(SAMPLES, dtype=np.uint8))


# The servers: each gives a way to publish while it stands.


def ours(listener: socket.socket) -> contextlib.AbstractAsyncContextManager[Publish]:
    """The hub behind uvicorn, as the twin runs it, but for sign-in."""
    return _hub(listener, HandoverProtocol)


def tasks(listener: socket.socket) -> contextlib.AbstractAsyncContextManager[Publish]:
    """The same hub where the server does not lend its transports."""
    return _hub(listener, "websockets-sansio")


@contextlib.asynccontextmanager
async def _hub(listener: socket.socket, protocol: Any) -> AsyncIterator[Publish]:
    kind = DeviceType("gauge", points=(PointType("value"),))
    registry = Registry([kind], [Device(f"D-{number:06}", "gauge") for number in range(POINTS)])
    bridge = Bridge(registry, SystemClock())
    hub = Hub(POINTS, epoch=bridge.epoch)
    live = LiveSocket(bridge, hub, SocketSettings((), MANY, MANY, patience=Patience(MANY, MANY, MANY)))

    async def publish(number: int) -> None:
        hub.publish(Outgoing.of(frame_of(number)))

    async def endpoint(websocket: WebSocket) -> None:
        await live.serve_client(websocket)

    async with _uvicorn(endpoint, listener, protocol):
        yield publish


@contextlib.asynccontextmanager
async def starlette(listener: socket.socket) -> AsyncIterator[Publish]:
    """The usual way: an endpoint that keeps its sockets in a set, and a loop that sends to each."""
    sockets: set[WebSocket] = set()

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        sockets.add(websocket)
        try:
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            sockets.discard(websocket)

    async def publish(number: int) -> None:
        data = encode_frame(frame_of(number))
        for each in tuple(sockets):
            await each.send_bytes(data)

    async with _uvicorn(endpoint, listener, "websockets-sansio"):
        yield publish


@contextlib.asynccontextmanager
async def _uvicorn(endpoint: Any, listener: socket.socket, protocol: Any) -> AsyncIterator[None]:
    app = Starlette(routes=[WebSocketRoute("/ws/live", endpoint)])
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws=protocol,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    task = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        await task


@contextlib.asynccontextmanager
async def broadcasting(listener: socket.socket) -> AsyncIterator[Publish]:
    """The websockets library's own way."""
    connections: set[ServerConnection] = set()

    async def handler(connection: ServerConnection) -> None:
        connections.add(connection)
        await connection.wait_closed()
        connections.discard(connection)

    async def publish(number: int) -> None:
        broadcast(connections, encode_frame(frame_of(number)))

    async with serve_websockets(handler, sock=listener, compression=None, ping_interval=None):
        yield publish


class _Bare(asyncio.Protocol):
    """A handshake, and nothing more."""

    def __init__(self, transports: set[asyncio.Transport]) -> None:
        self._transports = transports
        self._protocol: ServerProtocol | None = ServerProtocol()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        protocol = self._protocol
        if protocol is None or self._transport is None:
            return
        protocol.receive_data(data)
        for event in protocol.events_received():
            if isinstance(event, Request):
                protocol.send_response(protocol.accept(event))
                self._transport.write(b"".join(protocol.data_to_send()))
                self._transports.add(self._transport)
                self._protocol = None

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        if self._transport is not None:
            self._transports.discard(self._transport)


@contextlib.asynccontextmanager
async def floor(listener: socket.socket) -> AsyncIterator[Publish]:
    """Bare writes: less than this no server on this event loop can do."""
    transports: set[asyncio.Transport] = set()
    server = await asyncio.get_running_loop().create_server(lambda: _Bare(transports), sock=listener)

    async def publish(number: int) -> None:
        data = server_frame(encode_frame(frame_of(number)))
        for each in transports:
            each.write(data)

    async with server:
        yield publish


SERVERS = {"ours": ours, "floor": floor, "broadcast": broadcasting, "starlette": starlette, "tasks": tasks}


async def run_server(kind: str) -> None:
    """Stand, and do what the lines of stdin say, until it ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    number = 0
    async with SERVERS[kind](listener) as publish:
        _say({"port": listener.getsockname()[1]})
        while line := await reader.readline():
            order = json.loads(line)
            if order["do"] == "memory":
                gc.collect()
                _say({"bytes": _resident_bytes()})
                continue
            cpu, user = time.process_time(), _user_s()
            for _ in range(order["frames"]):
                number += 1
                await publish(number)
                await asyncio.sleep(order["pause_s"])
            _say({"cpu_s": time.process_time() - cpu, "user_s": _user_s() - user})


def _user_s() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def _resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no file, but the kernel
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


# The clients: bare sockets that shake hands and then only receive.

HANDSHAKE = (
    "GET /ws/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Crowd:
    """Many clients in one process."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._sockets: list[socket.socket] = []
        self._buffer = bytearray(1 << 18)
        self._received = 0
        self._selector.register(sys.stdin, selectors.EVENT_READ)

    def join(self, port: int, count: int) -> None:
        """Add clients; each has had the answer to its handshake when this returns."""
        request = HANDSHAKE.format(port=port).encode()
        for _ in range(0, count, HANDSHAKES_AT_ONCE):
            joining = [socket.create_connection(("127.0.0.1", port)) for _ in range(HANDSHAKES_AT_ONCE)]
            for each in joining:
                each.sendall(request)
            for each in joining:
                if not each.recv(32).startswith(b"HTTP/1.1 101"):
                    raise SystemExit("a server refused a client; is the limit of open files too low?")
                each.setblocking(False)
                self._selector.register(each, selectors.EVENT_READ)
            self._sockets += joining

    def run(self) -> None:
        """Receive, and do what the lines of stdin say, until it ends."""
        while True:
            for key, _ in self._selector.select():
                if isinstance(key.fileobj, socket.socket):
                    self._receive(key.fileobj)
                    continue
                line = sys.stdin.readline()
                if not line:
                    return
                self._obey(json.loads(line))

    def _receive(self, sock: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            count = sock.recv_into(self._buffer)
            if not count:
                self._selector.unregister(sock)
            self._received += count

    def _obey(self, order: dict[str, Any]) -> None:
        if order["do"] == "join":
            self.join(order["port"], order["clients"])
        _say({"clients": len(self._sockets), "bytes": self._received})


class Worker:
    """A process of this module that takes orders, a line of JSON each."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "benchmarks.fanout", *arguments]
        self._process = subprocess.Popen(  # noqa: S603 - this module itself
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def hear(self) -> dict[str, Any]:
        """Wait for what it says. SystemExit: it has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a process of the benchmark has ended; see above")
        heard: dict[str, Any] = json.loads(line)
        return heard

    def ask(self, **order: object) -> dict[str, Any]:
        """Give an order and wait for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        return self.hear()

    def end(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.terminate()
        self._process.wait()


class Stand:
    """One server with its clients."""

    def __init__(self, kind: str, clients: int) -> None:
        self.server, self.crowd, self.clients = Worker("--serve", kind), Worker("--crowd"), clients
        self.kind, self.port = kind, self.server.hear()["port"]

    def fill(self) -> float:
        """Let the clients come; gives the bytes of resident memory that each took."""
        self.server.ask(do="frames", frames=3, pause_s=0.01)
        # The first few fill pools and caches that the others share.
        self.crowd.ask(do="join", port=self.port, clients=HANDSHAKES_AT_ONCE)
        before = self.server.ask(do="memory")["bytes"]
        more = self.clients - HANDSHAKES_AT_ONCE
        self.crowd.ask(do="join", port=self.port, clients=more)
        time.sleep(QUIET_S)
        taken: int = self.server.ask(do="memory")["bytes"] - before
        return taken / more

    def round(self, frames: int) -> tuple[float, float]:
        """Microseconds of CPU by frame and client, and those outside the kernel. SystemExit: not all came."""
        before = self.crowd.ask(do="count")["bytes"]
        # So much that clients on a busy machine keep up: what is measured is fan-out, not conflation.
        pause_s = max(0.02, self.clients * 60e-6)
        taken = self.server.ask(do="frames", frames=frames, pause_s=pause_s)
        least = frames * self.clients * frame_bytes(SAMPLES)
        deadline = time.monotonic() + 10.0
        while self.crowd.ask(do="count")["bytes"] - before < least:
            if time.monotonic() > deadline:
                raise SystemExit(f"clients of {self.kind} did not get all frames: the machine is too busy")
            time.sleep(0.05)
        by_one = 1e6 / frames / self.clients
        return taken["cpu_s"] * by_one, taken["user_s"] * by_one

    def end(self) -> None:
        """Let all of it end."""
        self.crowd.end()
        self.server.end()


def measured(clients: int, plan: Plan) -> dict[str, Any]:
    """Medians over rounds in which all servers take turns."""
    stands = {kind: Stand(kind, clients) for kind in KINDS}
    try:
        kib = {kind: stand.fill() / 1024.0 for kind, stand in stands.items()}
        frames = max(5, min(plan.frames, plan.frames * 1000 // clients))
        for stand in stands.values():
            stand.round(3)
        rounds: list[dict[str, tuple[float, float]]] = []
        for number in range(plan.rounds):
            turn = KINDS[number % len(KINDS) :] + KINDS[: number % len(KINDS)]
            rounds.append({kind: stands[kind].round(frames) for kind in turn})
    finally:
        for stand in stands.values():
            stand.end()
    return {
        "us": {kind: statistics.median(each[kind][0] for each in rounds) for kind in KINDS},
        "user": {kind: statistics.median(each[kind][1] for each in rounds) for kind in KINDS},
        "kib": kib,
        "to_floor": statistics.median(each["ours"][0] / each["floor"][0] for each in rounds),
        **{
            f"of_{kind}": statistics.median(each[kind][0] / each["ours"][0] for each in rounds)
            for kind in RIVALS
        },
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="One frame to many clients.")
    parser.add_argument("--quick", action="store_true", help="100 and 1,000 clients, few rounds")
    parser.add_argument("--clients", default="100,1000,5000", help="how many, by commas")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--frames", type=int, default=60, help="frames a round, fewer with many clients")
    parser.add_argument("--serve", choices=KINDS, help=argparse.SUPPRESS)
    parser.add_argument("--crowd", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and as the last line one JSON object."""
    options = _options(arguments)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if options.serve:
        uvloop.run(run_server(options.serve))
        return 0
    if options.crowd:
        Crowd().run()
        return 0
    plan = Plan(tuple(int(each) for each in options.clients.split(",")), options.rounds, options.frames)
    if options.quick:
        plan = Plan((100, 1000), 3, 12)
    _report({count: measured(count, plan) for count in plan.clients}, plan)
    return 0


def _report(found: dict[int, dict[str, Any]], plan: Plan) -> None:
    headers = ["clients", "", *KINDS]
    rows: list[list[str]] = []
    for count, each in found.items():
        for name, title in (("us", "us"), ("user", "us, user"), ("kib", "KiB a client")):
            rows.append([f"{count:,}", title, *(f"{each[name][kind]:.2f}" for kind in KINDS)])
        to_ours = [f"{each[f'of_{kind}']:.2f}" for kind in RIVALS]
        rows.append([f"{count:,}", "by ours", "1.00", f"{1.0 / each['to_floor']:.2f}", *to_ours])
    load = os.getloadavg()[0]
    print_table(f"CPU by frame and client, {frame_bytes(SAMPLES)} bytes; load {load:.1f}", headers, rows)
    figures = {
        f"{name}_{kind}_{count}": each[name][kind]
        for count, each in found.items()
        for name in ("us", "user", "kib")
        for kind in KINDS
    }
    names = ("to_floor", *(f"of_{kind}" for kind in RIVALS))
    own = {key: value for key, value in figures.items() if "_ours_" in key}
    finish(
        "fanout",
        {"frame_bytes": frame_bytes(SAMPLES), "rounds": plan.rounds, "load": load, **own},
        {key: value for key, value in figures.items() if key not in own},
        {f"{name}_{count}": each[name] for count, each in found.items() for name in names},
        {"to_floor": GOAL_FLOOR, "of_starlette": GOAL_STARLETTE, "kib_per_client": GOAL_KIB},
        {
            "to_floor": all(each["to_floor"] <= GOAL_FLOOR for each in found.values()),
            "of_starlette": all(each["of_starlette"] >= GOAL_STARLETTE for each in found.values()),
            "kib_per_client": all(each["kib"]["ours"] <= GOAL_KIB for each in found.values()),
        },
    )


if __name__ == "__main__":
    raise SystemExit(main())
