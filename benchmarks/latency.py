"""From a device's publish to the value in a browser: how long it takes while the venue is busy.

    python -m benchmarks.latency [--quick] [--package DIR]

A server as venues run it (MQTT through mosquitto, film, alarms), a registry of 20,000 points, 5,000 single
samples a second over MQTT, 200 more clients of the live stream, and a real Chromium on a page of the viewer's
own connection, decoder and columns. Every value is the time at which it was published; the page notes its age
once the value stands in the columns from which the scene is coloured. All share one machine and its clock.

What the page does not measure is drawing: at most one frame of the screen more.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright
from playwright.sync_api import TimeoutError as PageTimeoutError

from benchmarks.mqtt_load import VENUE, device_name, free_port, load, mosquitto
from benchmarks.report import finish, print_table

ROOT = Path(__file__).parents[1]
VIEWER = ROOT / "web_viewer"
PACKAGES = ("palace.twin", "duplex.twin", "palace-try.twin")
GOAL_P99_MS = 150.0
PATIENCE_S = 120.0
PAGE_PATIENCE_S = 20.0
WARM_UP_S = 3.0
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
HANDSHAKE = (
    "GET /ws/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
#: An unasked pong, masked with zeros: a client that never speaks is taken for gone.
PONG = b"\x8a\x80\0\0\0\0"
PONG_EVERY_S = 10.0

DEVICE_TYPES = """
gauge:
  name: {zh: 表, en: Gauge}
  ifc_class: IfcSensor
  brick: Sensor
  points: [{name: value, class: Sensor, unit: "1", period_s: 60}]
"""
VENUE_YAML = f"""
id: {VENUE}
name: {{zh: 基准, en: Benchmark}}
timezone: Asia/Shanghai
location: {{latitude: 24.49, longitude: 118.11}}
opening_hours: {{mon: [["08:00", "22:00"]]}}
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: points, samples a second, other clients, how long in s."""

    points: int
    rate: int
    clients: int
    seconds: float


def write_venue(folder: Path, points: int) -> None:
    """Make a venue folder of so many gauges."""
    folder.mkdir()
    (folder / "venue.yaml").write_text(VENUE_YAML, "utf-8")
    (folder / "device_types.yaml").write_text(DEVICE_TYPES, "utf-8")
    rows = [f"{device_name(each)},gauge,表,Gauge,,{device_name(each)}" for each in range(points)]
    (folder / "devices.csv").write_text(
        "\n".join(["device,type,name_zh,name_en,guid,tag", *rows]) + "\n", "utf-8"
    )


@contextlib.contextmanager
def twin_server(package: Path, folder: Path, broker: int) -> Iterator[tuple[str, int]]:
    """A server that listens to the broker and has the page for its viewer; its address and process id."""
    port, log_file = free_port(), folder / "server.log"
    options = ["--venue", str(folder / "venue"), "--data", str(folder / "data"), "--port", str(port), "--dev"]
    command = [sys.executable, "-m", "twin.cli", "serve", str(package), *options]
    command += ["--mqtt", f"mqtt://127.0.0.1:{broker}"]
    environment = {**os.environ, "TWIN_VIEWER": str(folder / "site")}
    with log_file.open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)  # noqa: S603
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, server, log_file)
        yield url, server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        if server.poll() is not None:
            raise SystemExit(f"the server does not start: {log.read_text('utf-8', 'replace')[-500:]}")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/api/health") as answer:  # noqa: S310
            if b'"connected":true' in answer.read():
                return
        time.sleep(0.2)
    raise SystemExit("the server does not connect with the broker")


@contextlib.contextmanager
def crowd(url: str, clients: int) -> Iterator[None]:
    """So many clients that receive everything, in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.latency", "--crowd", url.rpartition(":")[2]]
    command += ["--clients", str(clients)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)  # noqa: S603
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != b"ready":
            raise SystemExit("the server refuses clients")
        yield
    finally:
        process.terminate()
        process.wait()


def be_crowd(port: int, clients: int) -> int:
    """Connect, say so, then receive and forget until killed."""
    selector, buffer = selectors.DefaultSelector(), bytearray(1 << 18)
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(clients)]
    for each in sockets:
        each.sendall(HANDSHAKE.format(port=port).encode())
        if not each.recv(32).startswith(b"HTTP/1.1 101"):
            return 1
        each.setblocking(False)
        selector.register(each, selectors.EVENT_READ, each)
    print("ready", flush=True)
    ponged_s = time.monotonic()
    while True:
        for key, _ in selector.select(timeout=1.0):
            with contextlib.suppress(BlockingIOError):
                key.data.recv_into(buffer)
        if time.monotonic() - ponged_s > PONG_EVERY_S:
            ponged_s = time.monotonic()
            for each in sockets:
                each.sendall(PONG)


def build_page(folder: Path) -> None:
    """Build the page with the viewer's own modules."""
    if shutil.which("npx") is None:
        raise SystemExit("npx is missing: install Node.js 20 or newer")
    command = ["npx", "vite", "build", "-c", "vite.bench.config.ts", "--outDir", str(folder)]
    subprocess.run([*command, "--logLevel", "error"], cwd=VIEWER, check=True)  # noqa: S603
    (folder / "latency.html").rename(folder / "index.html")


def measured(plan: Plan, package: Path, folder: Path) -> dict[str, float]:
    """Every figure."""
    build_page(folder / "site")
    write_venue(folder / "venue", plan.points)
    messages = int(plan.rate * (plan.seconds + 60))
    with (
        mosquitto(folder) as broker,
        twin_server(package, folder, broker) as (url, pid),
        crowd(url, plan.clients),
        sync_playwright() as playwright,
        load(broker, messages, plan.rate, plan.points, stamped=True),
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
        try:
            return observed(_opened(browser.new_page(), url), pid, plan)
        finally:
            browser.close()


def _opened(page: Page, url: str) -> Page:
    """The page, once samples reach it. SystemExit: none do."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    try:
        page.wait_for_function("() => window.__latency?.ages.length > 0", timeout=PAGE_PATIENCE_S * 1000)
    except PageTimeoutError:
        state = page.evaluate("() => JSON.stringify(window.__latency ?? null)")
        raise SystemExit(f"nothing reaches the page: {state[:300]} {said[:3]}") from None
    return page


def observed(page: Page, pid: int, plan: Plan) -> dict[str, float]:
    """Watch for the time of the plan."""
    time.sleep(WARM_UP_S)
    page.evaluate("() => { window.__latency.ages = []; window.__latency.frames = 0 }")
    cpu_s, begin_s = cpu_of(pid), time.monotonic()
    time.sleep(plan.seconds)
    found: dict[str, Any] = page.evaluate("() => window.__latency")
    wall_s = time.monotonic() - begin_s
    if found["faults"] or found["link"] != "live":
        raise SystemExit(f"the page lost the stream: {found['faults'][:3]}")
    ages = np.array(found["ages"])
    p50, p90, p99, worst = np.percentile(ages, [50, 90, 99, 100]).tolist()
    return {
        "samples": len(ages),
        "samples_per_s": len(ages) / wall_s,
        "frames_per_s": found["frames"] / wall_s,
        "p50_ms": p50,
        "p90_ms": p90,
        "p99_ms": p99,
        "worst_ms": worst,
        "server_cpu_share": (cpu_of(pid) - cpu_s) / wall_s,
    }


def cpu_of(pid: int) -> float:
    """CPU seconds of a process until now (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def _package(given: Path | None) -> Path:
    candidates = [given] if given else [ROOT / "var" / name for name in PACKAGES]
    for path in candidates:
        if (path / "tileset.json").is_file():
            return path.resolve()
    raise SystemExit(f"no model package at {candidates[0]}: build one with 'twin build', or give --package")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="From a device's publish to the value in a browser.")
    parser.add_argument("--quick", action="store_true", help="8 seconds instead of 30")
    parser.add_argument("--package", type=Path, help="any model package; its devices are not used")
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--rate", type=int, default=5_000, help="samples a second")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--crowd", type=int, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and as the last line one JSON object."""
    options = _options(arguments)
    if options.crowd is not None:
        return be_crowd(options.crowd, options.clients)
    plan = Plan(options.points, options.rate, options.clients, 8.0 if options.quick else 30.0)
    with tempfile.TemporaryDirectory(prefix="twin-latency-") as folder:
        figures = measured(plan, _package(options.package), Path(folder))
    load_1 = os.getloadavg()[0]
    title = (
        f"{plan.points:,} points, {plan.rate:,} samples/s, {plan.clients} other clients; load {load_1:.1f}"
    )
    rows = [(name.replace("_", " "), f"{value:,.2f}") for name, value in figures.items()]
    print_table(title, ("", ""), rows)
    told = {"points": plan.points, "rate": plan.rate, "clients": plan.clients, "load": load_1, **figures}
    finish("latency", told, {}, {}, {"p99_ms": GOAL_P99_MS}, {"p99": figures["p99_ms"] < GOAL_P99_MS})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
