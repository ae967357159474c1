"""A real building without a venue folder; skipped where the sample files are absent."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.running import RunningServer, running_server


@pytest.fixture(scope="module")
def duplex(
    real_package: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    work = tmp_path_factory.mktemp("duplex")
    options = ("--simulate", "--data", str(work / "data"))
    with running_server(real_package("Duplex_baseline"), work / "log", *options) as server:
        yield server


def test_it_is_served_whole(duplex: RunningServer) -> None:
    model = httpx.get(f"{duplex.url}/api/model").json()
    assert model["element_count"] == 245
    assert [storey["name"] for storey in model["storeys"]] == ["T/FDN", "Level 1", "Level 2", "Roof"]
    assert httpx.get(f"{duplex.url}/api/health").json()["status"] == "ok"
    spaces = httpx.get(f"{duplex.url}/api/spaces", params={"footprint": True}).json()["items"]
    assert len(spaces) == 21
    assert all(space["footprint"]["coordinates"] for space in spaces)
    for storey in model["storeys"]:
        plan = httpx.get(f"{duplex.url}/api/plans/{storey['guid']}").json()
        assert plan["type"] == "FeatureCollection"


def test_every_element_can_be_asked_about(duplex: RunningServer) -> None:
    with httpx.Client(base_url=duplex.url) as http:
        for element in http.get("/api/elements", params={"limit": 1000}).json()["items"]:
            detail = http.get(f"/api/elements/{element['guid']}")
            assert detail.status_code == 200
            assert {key: detail.json()[key] for key in element} == element


def test_a_room_is_where_its_centre_is(duplex: RunningServer) -> None:
    with httpx.Client(base_url=duplex.url) as http:
        spaces = {space["guid"]: space for space in http.get("/api/spaces").json()["items"]}
        found = []
        for space in spaces.values():
            x, y, z = space["centre"]
            located = http.get("/api/spatial/locate", params={"x": x, "y": y, "z": z}).json()["space"]
            found.append(located is not None and located["area_m2"] <= space["area_m2"])
    assert all(found)
