"""Devices that publish over MQTT, as a process of their own, and the mosquitto that they publish to.

Messages are written to the socket as they come out of a table of packets made before, so that the load costs
the machine little beside what is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from telemetry_bridge.mqtt_codec import DISCONNECT, Login, Message, Received, Session
from telemetry_bridge.payload import telemetry_topic

VENUE = "bench"
# Debian puts it where an ordinary user's PATH does not look.
MOSQUITTO_PATH = "/usr/sbin:/usr/local/sbin"
BEAT_S = 0.002
AHEAD = 1000


def device_name(number: int) -> str:
    """The id of a device; each has the one point `value`."""
    return f"D-{number:06}"


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """A broker that drops nothing, on the port that this gives. SystemExit: mosquitto is not installed."""
    binary = shutil.which("mosquitto") or shutil.which("mosquitto", path=MOSQUITTO_PATH)
    if binary is None:
        raise SystemExit("install mosquitto (Debian: apt-get install mosquitto)")
    port = free_port()
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        "persistence false",
        "max_queued_messages 0",
        "max_queued_bytes 0",
        f"user {getpass.getuser()}",
    ]
    config = folder / "mosquitto.conf"
    config.write_text("\n".join(lines) + "\n", "utf-8")
    process = subprocess.Popen([binary, "-c", str(config)], stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        _wait_for(port)
        yield port
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    raise SystemExit("mosquitto does not start")


@contextlib.contextmanager
def load(
    port: int, messages: int, rate: float, points: int, qos: int = 0, *, stamped: bool = False
) -> Iterator[None]:
    """Publish so many messages at so many a second (0: as fast as they go), until the block ends.

    `stamped`: each value is the time at which it is sent, ms since 1970 UTC.
    """
    numbers = (f"--port={port}", f"--messages={messages}", f"--rate={rate}", f"--points={points}")
    command = [sys.executable, "-m", "benchmarks.mqtt_load", *numbers, f"--qos={qos}"]
    command += ["--stamped"] if stamped else []
    process = subprocess.Popen(command)  # noqa: S603
    try:
        yield
    finally:
        process.terminate()
        process.wait()


class Publisher:
    """A connection that publishes; it reads acknowledgements, so that the broker need not hold them."""

    def __init__(self, port: int) -> None:
        self._session = Session(Login("load"))
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(self._session.connect())
        if not self._heard().welcome:
            raise SystemExit("the broker refuses")
        self._waiting = 0

    def _heard(self) -> Received:
        return self._session.receive(self._socket.recv(1 << 16))

    def send(self, packets: Sequence[bytes], *, acknowledged: bool) -> None:
        """Write packets; of QoS 1 wait until few of them are unacknowledged."""
        self._socket.sendall(b"".join(packets))
        if acknowledged:
            self._waiting += len(packets)
            while self._waiting > AHEAD:
                self._waiting -= len(self._heard().answers)

    def close(self) -> None:
        """Wait for the last acknowledgements and say goodbye."""
        while self._waiting > 0:
            self._waiting -= len(self._heard().answers)
        self._socket.sendall(DISCONNECT)
        self._socket.close()


def packets_of(points: int, qos: int) -> list[bytes]:
    """One packet a device: a report of one sample."""
    session = Session(Login("load"))
    return [
        session.publish(
            Message(telemetry_topic(VENUE, device_name(each)), b'{"points": {"value": %.1f}}' % (each / 7)),
            qos,
        )[1]
        for each in range(points)
    ]


def stamped_packet(session: Session, topic: str) -> bytes:
    """A report whose value is the time, ms since 1970 UTC."""
    return session.publish(Message(topic, b'{"points": {"value": %.3f}}' % (time.time() * 1000.0)), 0)[1]


def publish_stamped(port: int, messages: int, rate: float, points: int) -> None:
    """Send each device's time in turns, evenly spread."""
    session, publisher = Session(Login("load")), Publisher(port)
    topics = [telemetry_topic(VENUE, device_name(each)) for each in range(points)]
    begin_s, sent = time.perf_counter(), 0
    while sent < messages:
        due = min(int((time.perf_counter() - begin_s) * rate) + 1, messages)
        if due > sent:
            packets = [stamped_packet(session, topics[each % points]) for each in range(sent, due)]
            publisher.send(packets, acknowledged=False)
            sent = due
        time.sleep(BEAT_S)
    publisher.close()


def publish(port: int, messages: int, rate: float, points: int, qos: int) -> None:
    """Send the table round and round."""
    packets = packets_of(points, qos)
    publisher = Publisher(port)
    begin_s, sent = time.perf_counter(), 0
    while sent < messages:
        due = messages if rate <= 0 else int((time.perf_counter() - begin_s) * rate) + 1
        due = min(due, messages, sent + AHEAD)
        if due > sent:
            publisher.send([packets[each % points] for each in range(sent, due)], acknowledged=qos > 0)
            sent = due
        if rate > 0:
            time.sleep(BEAT_S)
    publisher.close()


def main() -> int:
    """Publish as the command line says."""
    parser = argparse.ArgumentParser(description="Publish single samples over MQTT.")
    for name, kind in (("port", int), ("messages", int), ("rate", float), ("points", int), ("qos", int)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    parser.add_argument("--stamped", action="store_true")
    options = parser.parse_args()
    if options.stamped:
        publish_stamped(options.port, options.messages, options.rate, options.points)
        return 0
    publish(options.port, options.messages, options.rate, options.points, options.qos)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
