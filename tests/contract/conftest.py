from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bim_pipeline.build import build_package
from tests.contract.running import RunningServer, running_server
from tests.contract.small_house import SmallHouse, write_venue


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contract")


@pytest.fixture(scope="session")
def house_ifc(work: Path) -> Path:
    return SmallHouse().write(work / "house.ifc")


@pytest.fixture(scope="session")
def house(work: Path, house_ifc: Path) -> Path:
    build_package(house_ifc, work / "house.twin", jobs=1)
    return work / "house.twin"


@pytest.fixture(scope="session")
def venue(work: Path) -> Path:
    return write_venue(work / "venue")


@pytest.fixture(scope="module")
def server(
    work: Path, house: Path, venue: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    data = tmp_path_factory.mktemp("data")  # no module finds what another has bound or signed in
    with running_server(house, work / "server.log", "--venue", str(venue), "--data", str(data)) as running:
        yield running


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
        yield client
