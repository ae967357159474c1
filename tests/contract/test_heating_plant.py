"""A real heating plant over HTTP: what feeds what; skipped where the sample files are absent."""

from collections.abc import Iterator

import httpx
import pytest

from bim_pipeline.build import build_package
from tests.contract.running import ROOT, RunningServer, running_server

PLANT = ROOT.parent / "shared" / "ifc" / "hvac_heating.ifc"
pytestmark = pytest.mark.skipif(not PLANT.is_file(), reason="the sample IFC files are not there")


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    work = tmp_path_factory.mktemp("plant")
    build_package(PLANT, work / "plant.twin", jobs=1)
    with running_server(work / "plant.twin", work / "log") as server:
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
