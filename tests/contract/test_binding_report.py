"""Bindings by rules, their report, and what people say to it, over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import ifcopenshell
import pytest
from starlette.testclient import TestClient

from bim_pipeline.build import build_package
from tests.contract.running import RunningServer, run_twin, running_server
from tests.contract.small_house import guid_of, write_venue
from twin.app import assemble
from twin.runtime import open_twin
from twin.settings import Settings

ROWS = """device,type,name_zh,name_en,guid,tag
L-01,lamp,灯一,Lamp 1,,L-01
LAMP-2,lamp,灯二,Lamp 2,,L-02
R1-T,room_sensor,室温,Room 1,,
GONE,lamp,旧灯,Old lamp,0000000000000000000000,
"""
RULES = """
- {id: own-tag, by: tag, key: "{tag}", devices: "L-*", confidence: 0.95, bind: true}
- {id: tag, by: tag, key: "{tag}", confidence: 0.8}
- {id: room, by: nearest, pattern: '^(?P<room>R\\d+)-T$', space: "{room}", class: IfcSpace, confidence: 0.5}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    venue = write_venue(tmp_path_factory.mktemp("ruled") / "venue")
    (venue / "devices.csv").write_text(ROWS, "utf-8")
    (venue / "bindings.yaml").write_text(RULES, "utf-8")
    return venue


@pytest.fixture(scope="module")
def ruled(house: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    data = tmp_path_factory.mktemp("ruled-data")
    with running_server(house, data / "log", "--venue", str(folder), "--data", str(data)) as running:
        yield running


@pytest.fixture
def client(ruled: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ruled.url) as found:
        yield found


def rows(client: httpx.Client) -> dict[str, Any]:
    return {row["device"]: row for row in client.get("/api/bindings/report").json()["items"]}


def test_rules_bind_guess_and_report(client: httpx.Client) -> None:
    found = rows(client)
    assert {device: row["kind"] for device, row in found.items()} == {
        "GONE": "vanished",
        "L-01": "ruled",
        "LAMP-2": "guessed",
        "R1-T": "guessed",
    }
    assert found["L-01"]["bound"]["guid"] == guid_of("L-01")
    (guess,) = found["LAMP-2"]["guesses"]
    assert (guess["element"]["guid"], guess["confidence"], guess["rules"]) == (guid_of("L-02"), 0.8, ["tag"])
    assert guess["element"]["box"] is not None
    assert found["R1-T"]["guesses"][0]["element"]["guid"] == guid_of("R1")
    only = client.get("/api/bindings/report", params={"kind": ["vanished"], "limit": 1}).json()
    assert [each["device"] for each in only["items"]] == ["GONE"]
    assert only["counts"]["guessed"] == 2


def test_a_person_accepts_rejects_and_sets_aside(client: httpx.Client) -> None:
    accept = [{"device": "LAMP-2", "element": guid_of("L-02")}, {"device": "GONE", "element": None}]
    counts = client.post("/api/bindings/accept", json={"items": accept, "reason": "seen"}).json()
    assert (counts["guessed"], counts["aside"], counts["vanished"], counts["settled"]) == (1, 1, 0, 1)
    reject = {"items": [{"device": "R1-T", "element": guid_of("R1")}]}
    assert client.post("/api/bindings/reject", json=reject).json()["unbound"] == 1
    assert rows(client)["R1-T"]["guesses"] == []
    reject = {"items": [{"device": "L-01", "element": guid_of("L-01")}]}
    counts = client.post("/api/bindings/reject", json=reject).json()
    assert (counts["ruled"], counts["unbound"], counts["aside"]) == (0, 2, 1)
    aside = {"items": [{"device": "L-01", "element": None}]}
    counts = client.post("/api/bindings/accept", json=aside).json()
    assert (counts["unbound"], counts["aside"]) == (1, 2)
    bound = {each["device"]: each["element"] for each in client.get("/api/bindings").json()["items"]}
    assert bound == {"L-01": None, "LAMP-2": guid_of("L-02"), "R1-T": None, "GONE": None}
    events = client.get("/api/events", params={"type": "binding*"}).json()["items"]
    assert {each["type"] for each in events} == {"bindings.changed", "binding.rejected"}
    assert "seen" in str(events)


def test_a_table_of_bindings_goes_out_and_comes_back(client: httpx.Client) -> None:
    headers = {"content-type": "text/csv"}
    table = client.get("/api/bindings/table.csv").content
    same = client.post("/api/bindings/table", content=table, headers=headers).json()
    assert same == {"rows": 4, "changed": [], "applied": True}
    text = f"device,element\nL-01,{guid_of('L-01')}\nR1-T,\n"
    done = client.post("/api/bindings/table", content=text.encode(), headers=headers).json()
    assert done["changed"] == ["L-01"]
    broken = "device,element\nL-01,\nnobody,\nR1-T,nowhere\n"
    answer = client.post("/api/bindings/table", content=broken.encode(), headers=headers)
    assert (answer.status_code, [each["where"] for each in answer.json()["errors"]]) == (
        422,
        ["table:3", "table:4"],
    )
    bound = {each["device"]: each["element"] for each in client.get("/api/bindings").json()["items"]}
    assert bound["L-01"] == guid_of("L-01")


def test_bindings_survive_a_revision_by_guid_and_what_vanished_is_told_with_its_successor(
    house_ifc: Path, tmp_path: Path
) -> None:
    venue = write_venue(tmp_path / "venue")
    (venue / "bindings.yaml").write_text("[]", "utf-8")
    build_package(house_ifc, tmp_path / "house.twin", jobs=1)
    drawn_anew = ifcopenshell.open(str(house_ifc))
    drawn_anew.by_guid(guid_of("L-01")).GlobalId = guid_of("L-01 drawn anew")
    drawn_anew.write(str(tmp_path / "second.ifc"))
    build_package(tmp_path / "second.ifc", tmp_path / "house.twin", jobs=1)
    settings = Settings(package=tmp_path / "house.twin", venue=venue, data=tmp_path / "data", dev=True)
    with TestClient(
        assemble(open_twin(settings)), "http://127.0.0.1", client=("127.0.0.1", 40_000)
    ) as client:
        (row,) = client.get("/api/bindings/report").json()["items"]
        bound = {each["device"]: each["element"] for each in client.get("/api/bindings").json()["items"]}
    assert (row["device"], row["kind"], row["element"]) == ("L-01", "vanished", guid_of("L-01"))
    assert (row["past"]["name"], row["past"]["ifc_class"]) == ("L-01", "IfcLightFixture")
    (guess,) = row["guesses"]
    assert (guess["element"]["guid"], guess["rules"]) == (guid_of("L-01 drawn anew"), ["same-place"])
    assert guess["confidence"] > 0.85
    assert bound["L-02"] == guid_of("L-02")


def test_faulty_rules_keep_the_server_from_starting(house: Path, tmp_path: Path) -> None:
    venue = write_venue(tmp_path / "venue")
    (venue / "bindings.yaml").write_text("- id: a\n  by: magic\n", "utf-8")
    done = run_twin("serve", house, "--venue", venue, "--data", tmp_path / "data", "--port", "0")
    assert done.returncode == 2
    assert "bindings.yaml:2" in done.stderr
