"""Routes of a running twin: over HTTP and by `twin route`, with a door that telemetry locks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from bim_pipeline.build import build_package
from spatial.package import ModelPackage
from tests.contract.running import running_server
from tests.contract.small_house import Box, SmallHouse, guid_of, write_venue
from twin.cli import run
from twin.wayfinding import overlay_of

LOCK_TYPE = """
door_lock:
  name: {zh: 门禁, en: Lock}
  ifc_class: IfcActuator
  brick: Access_Control_Equipment
  points:
    - name: lock
      class: Venue_Lock_Status
      states:
        - {key: locked, zh: 锁闭, en: Locked}
        - {key: unlocked, zh: 开锁, en: Unlocked}
      unit: "1"
      range: [0, 1]
      period_s: 60
"""


class WalledHouse(SmallHouse):
    """The house with its middle wall from end to end: the door is the only way."""

    def _part(self, kind: str, name: str, box: Box, **attributes: Any) -> Any:
        if name.startswith("Wall middle"):
            box = (*box[:4], 5.0, box[5])
        return super()._part(kind, name, box, **attributes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def house(folder: Path) -> Path:
    build_package(WalledHouse().write(folder / "house.ifc"), folder / "house.twin", jobs=1)
    return folder / "house.twin"


@pytest.fixture(scope="module")
def venue(folder: Path) -> Path:
    path = write_venue(folder / "venue")
    types = path / "device_types.yaml"
    types.write_text(types.read_text("utf-8") + LOCK_TYPE, "utf-8")
    devices = path / "devices.csv"
    head = devices.read_text("utf-8").splitlines()[0].split(",")
    row = {"device": "LCK-1", "type": "door_lock", "guid": guid_of("Door 1F"), "name_zh": "门锁"}
    with devices.open("a", encoding="utf-8") as file:
        file.write(",".join(row.get(name, "") for name in head) + "\n")
    return path


@pytest.fixture(scope="module")
def http(folder: Path, house: Path, venue: Path) -> Iterator[httpx.Client]:
    options = ("--venue", str(venue), "--data", str(folder / "data"))
    with (
        running_server(house, folder / "server.log", *options, variables={"TWIN_DEV": "1"}) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        yield client


def say(http: httpx.Client, lock: str) -> None:
    sample = {"device": "LCK-1", "point": "lock", "value": lock}
    answer = http.post("/api/telemetry", json={"samples": [sample]})
    assert answer.json()["accepted"] == 1, answer.text


def test_a_route_is_what_the_description_says(http: httpx.Client) -> None:
    answer = http.get("/api/route", params={"from": "R1", "to": "R2"})
    assert answer.status_code == 200, answer.text
    description = http.get("/openapi.json").json()
    content = description["paths"]["/api/route"]["get"]["responses"]["200"]["content"]
    schema = {**content["application/json"]["schema"], "components": description["components"]}
    Draft202012Validator(schema).validate(answer.json())
    assert answer.json()["portals"][0]["guid"] == guid_of("Door 1F")
    assert answer.json()["lang"] == "zh-CN"
    assert "米" in answer.json()["steps"][0]["text"]
    english = http.get("/api/route", params={"from": "R1", "to": "R2", "lang": "en"}).json()
    assert "walk" in english["steps"][0]["text"]
    assert english["length_m"] == answer.json()["length_m"]


def test_a_locked_door_closes_the_way_until_it_opens(http: httpx.Client) -> None:
    ask = {"from": "R1", "to": "R2", "lang": "en"}
    say(http, "locked")
    refused = http.get("/api/route", params=ask)
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert problem["errors"][0]["reason"] == "locked"
    assert problem["errors"][0]["where"] == guid_of("Door 1F")
    assert "locked" in problem["detail"]
    assert "已锁" in http.get("/api/route", params={**ask, "lang": "zh-CN"}).json()["detail"]
    say(http, "unlocked")
    assert http.get("/api/route", params=ask).status_code == 200


@pytest.mark.parametrize(
    ("start", "goal", "status", "slug"),
    [
        ("R1", "nowhere", 404, "unknown-place"),
        ("500,500,0", "R1", 404, "unknown-place"),
        ("羽毛球馆", "R2", 409, "ambiguous-place"),
        ("R1", "R3", 409, "no-route"),
    ],
)
def test_what_cannot_be_answered_is_a_problem(
    http: httpx.Client, start: str, goal: str, status: int, slug: str
) -> None:
    answer = http.get("/api/route", params={"from": start, "to": goal})
    assert answer.status_code == status
    assert answer.json()["type"].endswith(slug)


def test_an_unknown_profile_is_refused(http: httpx.Client) -> None:
    assert http.get("/api/route", params={"from": "R1", "to": "R2", "profile": "fly"}).status_code == 422


def test_points_of_interest_have_their_room_and_storey(http: httpx.Client) -> None:
    items = {item["id"]: item for item in http.get("/api/poi").json()["items"]}
    assert items["hall"]["space"] == guid_of("R1")
    assert items["hall"]["storey"] == guid_of("1F")
    assert items["corner"]["position"] == pytest.approx([5, 1, 0])
    only = http.get("/api/poi", params={"kind": "view"}).json()["items"]
    assert [item["id"] for item in only] == ["corner"]


def test_the_command_prints_the_way(house: Path, venue: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["route", str(house), "--from", "hall", "--to", "R2", "--venue", str(venue), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert answer["goal"]["space"] == guid_of("R2")
    assert run(["route", str(house), "--from", "R1", "--to", "R2", "--lang", "en"]) == 0
    assert "You have arrived at" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--from", "R1", "--to", "R3"],
        ["--from", "R1", "--to", "nowhere"],
        ["--from", "R1", "--to", "R2", "--profile", "fly"],
        ["--from", "R1", "--to", "R2", "--lang", "de"],
    ],
)
def test_the_command_says_why_not_in_one_line(
    house: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert run(["route", str(house), *words]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.strip().splitlines()) == 1


def test_the_staffs_file_names_doors_by_tag_or_name(house: Path) -> None:
    with ModelPackage.open(house) as package:
        door = package.element(guid_of("Door 1F")).element_index
        told = overlay_of(package, {"heavy_doors": {"doors": ["Door 1F"]}, "entrances": {"doors": ["none"]}})
        assert told.heavy == {door}
        assert told.accessible == frozenset()
        assert overlay_of(package, {"heavy_doors": "all of them"}).heavy == frozenset()
        assert overlay_of(package, None).private == frozenset()
