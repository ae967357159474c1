"""From settings to a process that answers: the port, the event loop, signals, and the end."""

import asyncio
import contextlib
import errno
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from telemetry_bridge.errors import BridgeError
from telemetry_bridge.uvicorn_handover import HandoverProtocol
from twin.errors import PortError, TwinError
from twin.hangup import on_hangup
from twin.runtime import Twin
from twin.settings import Settings

LOG = structlog.get_logger(__name__)

SPARE_FILES = 256
"""Open files for all that is no live stream."""
SYSTEM = "system"
GRACE_S = 3
"""How long open connections get to end after Ctrl-C."""
WEBSOCKET_MESSAGE_BYTES = 65_536
"""Clients have little to say; those of `/ws/live` less than this, see `telemetry_bridge.message_guard`."""


def bind_port(host: str, port: int) -> socket.socket:
    """A bound socket, not listening yet; port 0 takes a free one.

    Bound before anything slow is done, so that a port in use is said at once. Raises PortError.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise PortError(f"there is no address '{host}'; give --host an address of this machine") from error
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise PortError(port_fault(host, port, error)) from error
    return bound


def raise_file_limit() -> int:
    """Let this process have as many open sockets as the system allows it; how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def port_fault(host: str, port: int, error: OSError) -> str:
    """One line that says why a port cannot be had, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; stop what runs there or choose another with --port"
    if error.errno == errno.EACCES:
        return f"this user may not open port {port}; choose one above 1023 with --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; give --host one that is, or 127.0.0.1"
    return f"port {port} on {host} cannot be opened: {error.strerror}"


def address_of(bound: socket.socket) -> str:
    """The URL at which people reach a bound socket."""
    host, port = bound.getsockname()[:2]
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """uvicorn's server, which says when it listens and ends a signal with a return instead of a raise."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so. PortError: another process took the port since it was bound."""
        try:
            await super().startup(sockets)
        except OSError as error:
            raise PortError(f"the port cannot be listened on: {error.strerror}; choose another") from error
        self._on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as a wish to end; uvicorn's own would raise them again at the end."""

        def end(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextlib.contextmanager
def reloading(twin: Twin) -> Iterator[None]:
    """Let SIGHUP read the file of lines anew while the block lasts; why it could not be is logged."""
    tasks: set[asyncio.Task[None]] = set()

    async def reload() -> None:
        try:
            await twin.reload_lines(SYSTEM)
        except (BridgeError, TwinError, SQLAlchemyError, OSError) as error:
            LOG.error("the lines were not read anew; nothing has changed", reason=str(error))

    def begin() -> None:
        task = asyncio.create_task(reload(), name="SIGHUP")
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    if twin.archive is None:  # an archive has no devices
        on_hangup(begin)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


def serve(app: FastAPI, settings: Settings, bound: socket.socket, on_ready: Callable[[], None]) -> None:
    """Run until Ctrl-C or SIGTERM, then end clean.

    The application's lifespan runs around the server and not inside it, so that what keeps it from starting
    comes out as the error it is.
    """
    if not settings.is_loopback:
        LOG.warning(
            "passwords cross this network as they are: put a proxy with https in front",
            host=settings.host,
        )
    files = raise_file_limit()
    if files < settings.live_clients + SPARE_FILES:
        LOG.warning("fewer live streams than live_clients: raise 'ulimit -n'", open_files=files)
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws=HandoverProtocol,
        ws_max_size=WEBSOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # a frame is encoded once for all clients, and does not compress well
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = Server(config, on_ready)

    async def run() -> None:
        async with app.router.lifespan_context(app):
            with reloading(app.state.twin):
                await server.serve(sockets=[bound])

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(run())
