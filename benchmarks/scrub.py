"""How many moments a second are shown under a moving finger.

    python -m benchmarks.scrub [--quick] [--package DIR]

Starts ``twin serve`` with the simulated venue, lets it record, opens the page in headless Chromium (drawing
in software) and drags the time slider's cursor back and forth, as a finger does, some 60 movements a second.
A moment counts as shown when the scene has drawn a picture after the moment's snapshot came; the same moment
never counts twice, and one whose picture does not differ counts not at all.

The baseline is the same drag in the same run with the scene drawing the model anew for every moment, as it
did before it could repaint a kept view.

Needs the built viewer (``web_viewer/dist``, or the folder in ``TWIN_VIEWER``) and Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.first_view import package_of
from benchmarks.mqtt_load import free_port
from benchmarks.report import finish, print_table

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("palace.twin", "palace-try.twin", "duplex.twin")
SIZE = {"width": 1440, "height": 900}
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
]
PATIENCE_S = 180.0
#: Simulated seconds a second while the film is made, and how much of it there shall be, s.
SPEED = 60.0
FILM_S = 1800.0
MOVE_EVERY_S = 1 / 60
#: The finger crosses its way back and forth once in so long, s.
ROUND_S = 8.0
GOAL_MOMENTS_PER_S = 10.0

#: Notes each snapshot of the film that comes, and the first picture that is drawn after it.
WATCH = """
(() => {
  const Plain = window.WebSocket
  const log = (window.__scrub = { arrived: 0, shown: 0, lags: [] })
  const sent = new Map()
  let newest = null
  let told = null
  let drawn = -1
  window.WebSocket = class extends Plain {
    constructor(url, protocols) {
      super(url, protocols)
      if (!String(url).includes('/ws/replay')) return
      this.addEventListener('message', ({ data }) => {
        if (!(data instanceof ArrayBuffer) || new DataView(data).getUint8(1) !== 1) return
        newest = new DataView(data).getFloat64(16, true)
        log.arrived += 1
      })
    }
    send(data) {
      const message = typeof data === 'string' ? JSON.parse(data) : {}
      if (message.type === 'seek') sent.set(Date.parse(message.time), performance.now())
      super.send(data)
    }
  }
  const look = () => {
    const frames = window.__twin?.stats.framesDrawn ?? -1
    if (frames > drawn && newest !== null && newest !== told) {
      told = newest
      log.shown += 1
      if (sent.has(newest)) log.lags.push(performance.now() - sent.get(newest))
    }
    drawn = frames
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
})()
"""
#: The scene as it was: in no hurry, it draws the model for every moment.
NO_HURRY = "() => { window.__twin.scene.hurry(false); window.__twin.scene.hurry = () => undefined }"

Figures = dict[str, float]


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; give the exit code: 0, or 2 with one line saying what is missing."""
    options = _options(argv)
    try:
        package = package_of(options.package, PACKAGES)
        _require_viewer()
    except FileNotFoundError as missing:
        print(missing, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, _twin(package, Path(folder) / "data") as url:
        _await_film(url, options.film_s)
        ours, plain = _measure(url, options.seconds)
    _report(package, ours, plain, options)
    return 0


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scrub", description="Moments a second under a moving finger."
    )
    parser.add_argument(
        "--package", type=Path, help="model package; default: the first of var/" + ", var/".join(PACKAGES)
    )
    parser.add_argument("--seconds", type=float, help="how long the finger moves; default 16, quick 8")
    parser.add_argument("--film-s", type=float, default=FILM_S, help="film to drag through, s")
    parser.add_argument("--quick", action="store_true", help="a shorter drag")
    options = parser.parse_args(argv)
    options.seconds = options.seconds or (ROUND_S if options.quick else 2 * ROUND_S)
    return options


def _require_viewer() -> None:
    folder = Path(os.environ.get("TWIN_VIEWER", ROOT / "web_viewer" / "dist"))
    if not (folder / "index.html").is_file():
        raise FileNotFoundError("The viewer is not built: run 'npm ci && npm run build' in web_viewer.")


@contextmanager
def _twin(package: Path, data: Path) -> Iterator[str]:
    port = free_port()
    options = [
        "--venue",
        str(ROOT / "assets" / "palace" / "venue"),
        "--speed",
        str(SPEED),
        "--data",
        str(data),
    ]
    command = [sys.executable, "-m", "twin.cli", "serve", str(package), "--port", str(port)]
    command += [*options, "--simulate", "--dev"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _await_film(url: str, film_s: float) -> None:
    """Wait until there is film to drag through. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_S + film_s / SPEED
    while time.monotonic() < deadline:
        if _film_s(url) >= film_s:
            return
        time.sleep(0.5)
    raise TimeoutError("twin serve recorded too little film; see whether it runs at all.")


def _film_s(url: str) -> float:
    try:
        with urllib.request.urlopen(f"{url}/api/film", timeout=5) as answer:  # noqa: S310
            film = json.load(answer)
    except OSError:
        return 0.0
    if film["first"] is None:
        return 0.0
    first, last = (datetime.fromisoformat(film[each]) for each in ("first", "last"))
    return (last - first).total_seconds()


def _measure(url: str, seconds: float) -> tuple[Figures, Figures]:
    """Drag on a page as it is and on one that draws the model for every moment, a browser each."""
    with sync_playwright() as playwright:
        found: list[Figures] = []
        for hurries in (True, False):
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS)
            page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
            page.set_default_timeout(PATIENCE_S * 1000)
            page.add_init_script(WATCH)
            page.goto(url)
            page.wait_for_function("() => window.__twin?.idle")
            if not hurries:
                page.evaluate(NO_HURRY)
            found.append(_drag(page, seconds))
            browser.close()
    ours, plain = found
    return ours, plain


def _drag(page: Page, seconds: float) -> Figures:
    """Figures of a drag through the film, after one that is not counted, which compiles the code."""
    _move_finger(page, ROUND_S / 2)
    page.evaluate("() => Object.assign(window.__scrub, { arrived: 0, shown: 0, lags: [] })")
    begun = time.monotonic()
    moves = _move_finger(page, seconds)
    took = time.monotonic() - begun
    log: dict[str, Any] = page.evaluate("() => window.__scrub")
    return {
        "moments_shown_per_s": round(log["shown"] / took, 2),
        "moments_come_per_s": round(log["arrived"] / took, 2),
        "finger_moves_per_s": round(moves / took, 1),
        "lag_ms": round(median(log["lags"]), 1) if log["lags"] else 0.0,
    }


def _move_finger(page: Page, seconds: float) -> int:
    """Hold the cursor and go back and forth over the film; how many movements the page took."""
    band = page.locator("[data-test=time-band]").bounding_box()
    if band is None:
        raise RuntimeError("The page shows no time slider.")
    left, right = _film_share(page)
    y = band["y"] + band["height"] * 0.3
    page.mouse.move(band["x"] + band["width"] * right, y)
    page.mouse.down()
    moves, begun = 0, time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        page.mouse.move(band["x"] + band["width"] * finger_share(passed, left, right), y)
        moves += 1
        time.sleep(max(0.0, moves * MOVE_EVERY_S - (time.monotonic() - begun)))
    page.mouse.up()
    return moves


def finger_share(passed_s: float, left: float, right: float) -> float:
    """Where a finger is that goes from `right` to `left` and back every `ROUND_S` seconds, as a share."""
    phase = passed_s / ROUND_S * 2 % 2
    return right - (right - left) * (phase if phase < 1 else 2 - phase)


def _film_share(page: Page) -> tuple[float, float]:
    """From where to where the band shows film, as shares of its width; the present is left out."""
    first, last, least, most = page.evaluate(
        """async () => {
          const film = await (await fetch('/api/film')).json()
          const band = document.querySelector('[data-test=time-band]')
          const numbers = [band.ariaValueMin, band.ariaValueMax].map(Number)
          return [Date.parse(film.first), Date.parse(film.last), ...numbers]
        }"""
    )
    shares = [min(0.95, max(0.02, (each - least) / (most - least))) for each in (first, last)]
    return shares[0] + 0.01, max(shares[0] + 0.05, shares[1] - 0.03)


def _report(package: Path, ours: Figures, plain: Figures, options: argparse.Namespace) -> None:
    load = os.getloadavg()[0]
    rows = [[name, f"{ours[name]:,.1f}", f"{plain[name]:,.1f}"] for name in ours]
    machine = f"load {load:.1f}, {os.cpu_count()} cores"
    title = f"{package.name}: a finger drags time for {options.seconds:.0f} s ({machine})"
    print_table(title, ["", "repainting a kept view", "drawing the model"], rows)
    shown = "moments_shown_per_s"
    ratios = {shown: round(ours[shown] / plain[shown], 2)} if plain[shown] else {}
    figures = {"package": package.name, "seconds": options.seconds, "load": round(load, 2), **ours}
    met = {shown: ours[shown] >= GOAL_MOMENTS_PER_S}
    finish("scrub", figures, plain, ratios, {shown: GOAL_MOMENTS_PER_S}, met)


if __name__ == "__main__":
    sys.exit(main())
