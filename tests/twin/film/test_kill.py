"""What was safe is never lost, and nothing is there twice or by half, however often the server is killed."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from twin.store.database import open_database

ROOT = Path(__file__).parents[3]
SEED = 20261121


@pytest.mark.parametrize(
    "rounds", [12, pytest.param(400, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
)
async def test_the_film_outlives_the_process_that_records_it(database_url: str, rounds: int) -> None:
    """After each round every sample and the states of random moments are compared with what was fed."""
    await (await open_database(database_url)).dispose()
    command = [sys.executable, "-m", "tests.twin.film.killing", database_url, str(rounds), str(SEED)]
    killed = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == 0, killed.stderr[-4000:]
    report = json.loads(killed.stdout.splitlines()[-1])
    assert report["rounds"] == rounds
    assert min(report["fed"], report["safe"], report["late"], report["moments"]) > rounds
