"""What recording cameras costs: CPU and memory of the recorder, while so many cameras send.

Usage: python -m benchmarks.video [--cameras 20] [--seconds 20]

Each camera is a file of 1280 x 720 at 25 pictures a second and about 4 Mbit/s, played at its own pace; the
recorder does not know the difference but for the network.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.report import finish, print_table

WIDTH, HEIGHT, FPS, GOP, SECONDS, BIT_RATE = 1280, 720, 25, 50, 10, 4_000_000
SETTLING_S = 8.0
MOST_CORE = 0.02
"""A camera may take so much of a core."""
TICKS = 100.0
"""Of `/proc` in a second (man proc, USER_HZ)."""


def write_film(path: Path) -> float:
    """Write what the cameras send; gives its Mbit/s."""
    noise = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    options = {
        "preset": "ultrafast",
        "g": str(GOP),
        "bf": "0",
        "maxrate": str(BIT_RATE),
        "bufsize": str(BIT_RATE),
    }
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", BIT_RATE
        for number in range(FPS * SECONDS):
            picture = np.roll(noise, 3 * number, axis=1)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return path.stat().st_size * 8 / SECONDS / 1e6


def orders(folder: Path, film: Path, cameras: int) -> dict[str, Any]:
    """What the recorder is told."""
    each = {"url": str(film), "transport": "tcp", "zone": "UTC"}
    return {
        "folder": str(folder),
        "segment_s": 60,
        "keep_days": 1.0,
        "most_gb": None,
        "least_free_gb": 0.0,
        "clock": None,
        "cameras": [{"camera": f"camera-{number}", **each} for number in range(cameras)],
    }


def cpu_s(process: int) -> float:
    """The CPU time that a process has taken, s."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(process: int) -> float:
    """The memory that a process has, MB."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


def measure(folder: Path, cameras: int, seconds: float) -> dict[str, float]:
    """Let cameras be recorded; gives `core`, the share of one; `memory_mb`; `mbit_s` of each."""
    film = folder / "film.mp4"
    rate = write_film(film)
    command = [sys.executable, "-m", "twin.video.recorder_process"]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(orders(folder / "video", film, cameras)) + "\n")
        process.stdin.flush()
        time.sleep(SETTLING_S)
        before_s, begun_s = cpu_s(process.pid), time.monotonic()
        time.sleep(seconds)
        share = (cpu_s(process.pid) - before_s) / (time.monotonic() - begun_s)
        memory = memory_mb(process.pid)
        process.stdin.close()
    return {"core": round(share, 4), "memory_mb": round(memory, 1), "mbit_s": round(rate, 2)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cameras", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), given.cameras, given.seconds)
    row = (given.cameras, found["mbit_s"], f"{found['core']:.1%}", found["memory_mb"])
    print_table("recording cameras", ("cameras", "Mbit/s each", "of a core", "MB of memory"), [row])
    each = found["core"] / given.cameras
    met = {"core_per_camera": each <= MOST_CORE}
    finish("video", found, {}, {"core_per_camera": round(each, 5)}, {"core_per_camera": MOST_CORE}, met)


if __name__ == "__main__":
    main()
