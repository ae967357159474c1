"""A device that was bound to another element stands where it stood then: asked of a real server."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.contract.running import RunningServer, running_server
from tests.contract.small_house import guid_of
from tests.contract.test_history import get, now, told

LAMP = "L-01"
BEFORE, AFTER = guid_of(LAMP), guid_of("Wall south 1F")


@dataclass(frozen=True)
class Lived:
    """Moments at which the lamp stood at one element, at another, and at that still after a restart."""

    server: RunningServer
    before: str
    after: str
    restarted: str


@pytest.fixture(scope="module")
def lived(house: Path, venue: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("rebound")
    options = ("--venue", str(venue), "--data", str(folder / "data"))
    with (
        running_server(house, folder / "first.log", *options) as server,
        httpx.Client(base_url=server.url) as http,
    ):
        before = told(http, 10.0)
        change = {"items": [{"device": LAMP, "element": AFTER}]}
        http.put("/api/bindings", json=change).raise_for_status()
        after = told(http, 20.0)
        server.stop()
    with (
        running_server(house, folder / "second.log", *options) as server,
        httpx.Client(base_url=server.url) as http,
    ):
        yield Lived(server, before, after, told(http, 30.0))


@pytest.fixture
def http(lived: Lived) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=lived.server.url) as client:
        yield client


def element_of(report: Any) -> str | None:
    found: str | None = next(each["element"] for each in report["items"] if each["device"] == LAMP)
    return found


def test_bindings_of_a_moment_are_those_of_then(http: httpx.Client, lived: Lived) -> None:
    today = get(http, "/api/bindings")
    assert element_of(today) == AFTER
    assert today["rebound"] == {"moved": [], "added": [], "gone": []}
    then = get(http, "/api/bindings", at=lived.before)
    assert (element_of(then), then["rebound"]["moved"]) == (BEFORE, [LAMP])
    assert then["since"] <= lived.before
    assert (then["revision"], then["hash"] == today["hash"]) == (today["revision"], False)
    for moment in (lived.after, lived.restarted):
        later = get(http, "/api/bindings", at=moment)
        assert (element_of(later), later["hash"]) == (AFTER, today["hash"])
        assert lived.before < later["since"] <= lived.after  # the restart has changed nothing


def test_the_state_of_a_moment_says_the_revision_and_how_many_are_bound_elsewhere(
    http: httpx.Client, lived: Lived
) -> None:
    revision = get(http, "/api/model")["revision"]
    states = [get(http, "/api/state", at=each) for each in (lived.before, lived.after)]
    assert [(each["revision"], each["rebound"]) for each in states] == [(revision, 1), (revision, 0)]


def test_an_element_tells_of_the_devices_and_readings_of_then(http: httpx.Client, lived: Lived) -> None:
    def levels(guid: str, **query: str) -> list[float]:
        found = get(http, f"/api/elements/{guid}", **query)["points"]
        return [each["value"] for each in found if each["point"] == "level"]

    assert (levels(BEFORE, at=lived.before), levels(AFTER, at=lived.before)) == ([10.0], [])
    assert (levels(BEFORE, at=lived.after), levels(AFTER, at=lived.after)) == ([], [20.0])
    assert (levels(BEFORE), levels(AFTER)) == ([], [30.0])


def test_a_time_before_all_film_is_refused(http: httpx.Client) -> None:
    answer = http.get("/api/bindings", params={"at": "2001-01-01T00:00:00Z"})
    assert answer.status_code == 404
    assert "not noted" in answer.json()["detail"]


def test_replay_says_which_bindings_to_show(http: httpx.Client, lived: Lived) -> None:
    async def scene_at(moment: str) -> dict[str, Any]:
        address = lived.server.url.replace("http", "ws") + "/ws/replay"
        async with connect(address) as socket, asyncio.timeout(60.0):
            await socket.send(json.dumps({"type": "seek", "time": moment}))
            async for message in socket:
                text = {} if isinstance(message, bytes) else json.loads(message)
                if text.get("type") == "replay" and text["time"] is not None:
                    found: dict[str, Any] = text["scene"]
                    return found
        raise AssertionError("it was never told")

    for moment in (lived.before, lived.after, now()):
        shown = asyncio.run(scene_at(moment))
        then = get(http, "/api/bindings", at=moment)
        assert shown == {"since": then["since"], "revision": then["revision"], "bindings": then["hash"]}
