"""A whole server is killed, again and again, while devices report and people act: nothing safe is lost."""

import contextlib
import random
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from telemetry_bridge.times import format_rfc3339
from tests.contract.running import run_twin, running_server

ROUNDS = 3
SEED = 20261121
WAIT_S = 60.0


@dataclass
class Known:
    """What the server has acknowledged: notes by id, and levels that its film had written, by their time."""

    notes: set[str] = field(default_factory=set)
    levels: dict[str, float] = field(default_factory=dict)


def tell(client: httpx.Client, value: float) -> str:
    """Tell a level; gives a moment after that."""
    sample = {"device": "L-01", "point": "level", "value": value}
    answer = client.post("/api/telemetry", json={"samples": [sample]})
    assert answer.json()["accepted"] == 1, answer.text
    return format_rfc3339(time.time() * 1000.0)


def note(client: httpx.Client, text: str) -> str:
    answer = client.post("/api/notes", json={"from": format_rfc3339(time.time() * 1000.0), "text": text})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def wait_until_written(data: Path, until_ms: float) -> None:
    """Wait until the film in the database reaches to a moment."""
    deadline = time.monotonic() + WAIT_S
    with contextlib.closing(sqlite3.connect(f"file:{data / 'twin.db'}?mode=ro", uri=True)) as database:
        while (database.execute("SELECT max(until_ms) FROM film_chunk").fetchone()[0] or 0) < until_ms:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def act(client: httpx.Client, data: Path, number: int, chance: random.Random, known: Known) -> None:
    """Tell levels and write notes; the last of them at the very end."""
    for step in range(4):
        value = float(10 * number + step)
        known.levels[tell(client, value)] = value
        known.notes.add(note(client, f"{number}.{step}"))
        wait_until_written(data, time.time() * 1000.0)
    for step in range(chance.randint(1, 20)):
        tell(client, 50.0 + step)
        known.notes.add(note(client, f"{number} at last {step}"))


@pytest.mark.slow
def test_a_server_that_is_killed_leaves_film_and_events_whole(
    house: Path, venue: Path, tmp_path: Path
) -> None:
    chance, known, data = random.Random(SEED), Known(), tmp_path / "data"
    options = (house, tmp_path / "log", "--venue", str(venue), "--data", str(data), "--simulate")
    for number in range(ROUNDS):
        with (
            running_server(*options, variables={"TWIN_FILM_FLUSH_S": "0.2"}) as server,
            httpx.Client(base_url=server.url, timeout=60) as client,
        ):
            act(client, data, number, chance, known)
            server.process.kill()
            server.process.wait()
    for what in ("film", "events"):
        done = run_twin(what, "verify", "--package", house, "--data", data)
        assert done.returncode == 0, done.stdout + done.stderr
    with running_server(*options) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        assert known.notes <= {
            each["subject"].removeprefix("note:") for each in _events(client, "note.added")
        }
        for at, value in known.levels.items():
            items = client.get("/api/state", params={"at": at}).json()["items"]
            assert [each["value"] for each in items if each["point"] == "level"][:1] == [value]


def _events(client: httpx.Client, kind: str) -> list[dict[str, Any]]:
    answer = client.get("/api/events", params={"type": kind, "limit": 1000})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
