"""How soon a visitor sees the building: ``python -m benchmarks.first_view [--quick] [--package DIR]``.

Starts ``twin serve`` on a free port, opens the page in headless Chromium (drawing in software, no cache)
and measures until the first whole picture is on screen, what went over the wire by then, draw calls, and the
time of a frame while the camera turns. That picture lacks small parts, which come after it, so all is also
measured when everything that the view asks for is loaded and drawn at rest (``all_...``).

The baseline is the same building the plain way, in the same run: one GLB with a mesh an element, 32-bit
floats, loaded by three's own loader and drawn with its standard materials, from a server that does not
compress. Its one picture has all parts and stands in both comparisons.

Needs the built viewer (``web_viewer/dist``), ``node`` and Chromium.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import io
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.plain_glb import write_plain_glb
from benchmarks.report import finish, print_table

ROOT = Path(__file__).resolve().parents[1]
VIEWER = ROOT / "web_viewer"
PACKAGES = ("palace.twin", "office.twin", "duplex.twin")
SIZE = {"width": 1440, "height": 900}
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
]
PATIENCE_S = 120
TURNS = 6
MARKED_STEP = 6
LEAST_MARKED_SHARE = 0.01
GOAL_FIRST_PICTURE_MS = 3000

_SENT = """(until) => performance.getEntriesByType('navigation')
    .concat(performance.getEntriesByType('resource'))
    .filter((e) => e.responseEnd <= until).reduce((sum, e) => sum + e.transferSize, 0)"""

# When nothing is under way and the picture of it is drawn; to the tenth of a second in which it is asked.
_WHOLE = "() => window.__twin.idle && window.__twin.stats.tilesPending === 0 ? performance.now() : null"

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
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = _measure(package, Path(folder), options.runs)
    _report(package, ours, plain, options.runs)
    return 0


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.first_view", description="Time to the first whole picture."
    )
    parser.add_argument(
        "--package", type=Path, help="model package; default: the first of var/" + ", var/".join(PACKAGES)
    )
    parser.add_argument("--runs", type=int, help="runs of each way; default 5, with --quick 2")
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    options = parser.parse_args(argv)
    options.runs = max(1, options.runs or (2 if options.quick else 5))
    return options


def package_of(given: Path | None, names: Sequence[str]) -> Path:
    """The model package to show: the one given, or the first of some below var/. FileNotFoundError: none."""
    candidates = [given] if given else [ROOT / "var" / name for name in names]
    for path in candidates:
        if (path / "tileset.json").is_file():
            return path.resolve()
    raise FileNotFoundError(
        f"No model package at {candidates[0]}: build one with 'twin build MODEL.ifc -o DIR', "
        "then give --package DIR."
    )


def _require_viewer() -> None:
    if not (VIEWER / "dist" / "index.html").is_file():
        raise FileNotFoundError(
            "The viewer is not built: run 'make setup' (or 'npm run build' in web_viewer)."
        )
    if shutil.which("npx") is None:
        raise FileNotFoundError("npx is missing: install Node.js 20 or newer.")


def _measure(package: Path, folder: Path, runs: int) -> tuple[list[Figures], list[Figures]]:
    """Measure both ways in turns, so that what else the machine does falls on both."""
    site = folder / "plain"
    _build_plain(package, site)
    ours: list[Figures] = []
    plain: list[Figures] = []
    with (
        _twin(package, folder / "data") as twin_url,
        _static(site) as plain_url,
        sync_playwright() as playwright,
    ):
        executable = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGS)
        for _ in range(runs):
            ours.append(_visit(browser, twin_url, _observe_twin))
            plain.append(_visit(browser, f"{plain_url}/plain.html", _observe_plain))
        browser.close()
    return ours, plain


def _build_plain(package: Path, site: Path) -> None:
    command = [
        "npx",
        "vite",
        "build",
        "-c",
        "vite.bench.config.ts",
        "--outDir",
        str(site),
        "--logLevel",
        "error",
    ]
    subprocess.run(command, cwd=VIEWER, check=True)  # noqa: S603
    write_plain_glb(package, site / "plain.glb")


def _visit(browser: Browser, url: str, observe: Callable[[Page], Figures]) -> Figures:
    """Open a page in a context of its own, so that nothing is cached, and observe it."""
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
    try:
        page = context.new_page()
        page.goto(url, wait_until="commit")
        return observe(page)
    finally:
        context.close()


def _observe_twin(page: Page) -> Figures:
    first = float(_wait(page, "() => window.__twin?.firstPicture ?? null"))
    _require_picture(page.screenshot())
    sent = page.evaluate(_SENT, first)
    stats = page.evaluate("() => window.__twin.stats")
    complete = float(_wait(page, _WHOLE))
    whole = page.evaluate("() => window.__twin.stats")
    return {
        "first_picture_ms": first,
        "bytes": sent,
        "draw_calls": stats["drawCalls"],
        "triangles": stats["triangles"],
        "all_picture_ms": complete,
        "all_bytes": page.evaluate(_SENT, complete),
        "all_draw_calls": whole["drawCalls"],
        "all_triangles": whole["triangles"],
        "frame_ms": _turning_frame_ms(page),
    }


def _require_picture(png: bytes) -> None:
    """Raise RuntimeError where the middle of the picture is mere backdrop: an empty page is no picture."""
    picture = Image.open(io.BytesIO(png)).convert("L")
    width, height = picture.size
    box = (width // 4, height // 4, width * 3 // 4, height * 3 // 4)
    middle = np.asarray(picture.crop(box), dtype=np.int16)
    edges = (np.abs(np.diff(middle, axis=1)) > MARKED_STEP).mean()
    if edges < LEAST_MARKED_SHARE:
        raise RuntimeError("The first picture shows no building.")


def _turning_frame_ms(page: Page) -> float:
    """Median time of the frames that are drawn while the camera turns by the keyboard, ms."""
    page.evaluate("() => window.__twin.scene.canvas.focus()")
    times: list[float] = []
    for _ in range(TURNS):
        before = page.evaluate("() => window.__twin.stats.framesDrawn")
        page.keyboard.press("e")
        drawn = f"() => window.__twin.stats.framesDrawn > {before + 1} ? window.__twin.stats.frameMs : null"
        times.append(float(_wait(page, drawn)))
    return median(times)


def _observe_plain(page: Page) -> Figures:
    first = float(_wait(page, "() => window.__plain?.firstPicture ?? null"))
    _require_picture(page.screenshot())
    times = [
        page.evaluate("(turn) => window.__plain.frame(turn)", turn * 0.26) for turn in range(1, TURNS + 1)
    ]
    picture = {
        "picture_ms": first,
        "bytes": page.evaluate(_SENT, first),
        "draw_calls": page.evaluate("() => window.__plain.drawCalls"),
        "triangles": page.evaluate("() => window.__plain.triangles"),
    }
    whole = {f"all_{name}": figure for name, figure in picture.items()}
    picture["first_picture_ms"] = picture.pop("picture_ms")
    return {**picture, **whole, "frame_ms": median(times)}


def _wait(page: Page, script: str) -> Any:
    """Ask a page until the answer is not null. Raises TimeoutError after ``PATIENCE_S``."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        answer = page.evaluate(script)
        if answer is not None:
            return answer
        page.wait_for_timeout(100)
    raise TimeoutError(f"The page gave no answer in {PATIENCE_S} s: {script}")


@contextmanager
def _twin(package: Path, data: Path) -> Iterator[str]:
    port = _free_port()
    command = [
        sys.executable,
        "-m",
        "twin.cli",
        "serve",
        str(package),
        "--port",
        str(port),
        "--data",
        str(data),
        "--simulate",
        "--dev",
    ]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for_health(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for_health(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"twin serve ended with {server.returncode} before it answered.")
        try:
            with urllib.request.urlopen(f"{url}/api/health", timeout=2):  # noqa: S310
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError("twin serve did not answer.")


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the table is the output."""


@contextmanager
def _static(site: Path) -> Iterator[str]:
    handler = functools.partial(_QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _report(package: Path, ours: list[Figures], plain: list[Figures], runs: int) -> None:
    figures, baselines = _medians(ours), _medians(plain)
    ratios = {name: round(baselines[name] / figures[name], 2) for name in figures if figures[name]}
    rows = [
        [name, f"{figures[name]:,.0f}", f"{baselines[name]:,.0f}", f"{ratios.get(name, 0):.2f}"]
        for name in figures
    ]
    print_table(f"{package.name}: median of {runs} runs", ["", "twin", "plain GLB", "plain / twin"], rows)
    goals = {"first_picture_ms": GOAL_FIRST_PICTURE_MS}
    met = {"first_picture_ms": figures["first_picture_ms"] <= GOAL_FIRST_PICTURE_MS}
    finish("first_view", {"package": package.name, "runs": runs, **figures}, baselines, ratios, goals, met)


def _medians(runs: list[Figures]) -> Figures:
    return {name: round(median(run[name] for run in runs), 1) for name in runs[0]}


if __name__ == "__main__":
    sys.exit(main())
