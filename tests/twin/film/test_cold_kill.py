"""Film that is moved is not lost, and nothing is there twice, however often the mover is killed."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from twin.store.database import open_database

ROOT = Path(__file__).parents[3]
SEED = 20261121


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_moved_film_outlives_the_process_that_moves_it(tmp_path: Path) -> None:
    rounds = 40
    url = f"sqlite:///{tmp_path / 'twin.db'}"
    await (await open_database(url)).dispose()
    command = [sys.executable, "-m", "tests.twin.film.cold_killing", url, str(tmp_path / "cold"), str(rounds)]
    run = await asyncio.to_thread(
        subprocess.run, [*command, str(SEED)], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr[-4000:]
    report = json.loads(run.stdout.splitlines()[-1])
    assert report["rounds"] == rounds
    assert report["late"] > rounds
