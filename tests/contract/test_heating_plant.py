"""A real heating plant over HTTP: what feeds what; skipped where the sample files are absent."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.running import RunningServer, running_server


@pytest.fixture(scope="module")
def plant(
    real_package: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    work = tmp_path_factory.mktemp("plant")
    with running_server(real_package("hvac_heating"), work / "log", "--data", str(work / "data")) as server:
        yield server


def test_what_an_element_feeds_is_fed_by_it(plant: RunningServer) -> None:
    with httpx.Client(base_url=plant.url) as http:
        pumps = http.get("/api/elements", params={"class": "IfcPump"}).json()["items"]
        assert pumps
        for pump in pumps:
            detail = http.get(f"/api/elements/{pump['guid']}").json()
            assert [system["predefined_type"] for system in detail["systems"]] == ["HEATING"]
            assert detail["feeds"]
            for fed in detail["feeds"]:
                assert (fed["kind"], fed["medium"]) == ("flow", "HEATING")
                there = http.get(f"/api/elements/{fed['guid']}").json()
                assert pump["guid"] in [other["guid"] for other in there["fed_by"]]
