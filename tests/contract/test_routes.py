"""Every route of a running server, as other programs rely on it."""

import json
import math
from typing import Any

import httpx
import numpy as np
import pytest
from jsonschema import Draft202012Validator

from telemetry_bridge.wire import Kind, decode_frame
from tests.contract.small_house import guid_of

LISTS = [
    "/api/elements",
    "/api/storeys",
    "/api/spaces",
    "/api/points",
    "/api/devices",
    "/api/layers",
    "/api/pois",
    "/api/cameras",
    "/api/bindings",
    "/api/state",
    "/api/spatial/locate?x=3&y=2&z=1",
    "/api/spatial/nearest?x=3&y=2&z=1",
]
OTHERS = ["/api/health", "/api/model", "/api/model/columns", f"/api/elements/{guid_of('L-01')}"]
POINT_KEYS = {"device", "point", "point_index", "class", "unit", "range", "states", "element"}


def get(http: httpx.Client, path: str, **parameters: Any) -> Any:
    answer = http.get(path, params=parameters or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_items_and_a_cursor(http: httpx.Client, path: str) -> None:
    body = get(http, path)
    assert isinstance(body["items"], list)
    assert body["next"] is None or isinstance(body["next"], str)


@pytest.mark.parametrize("path", LISTS + OTHERS)
def test_an_answer_is_what_the_description_says(http: httpx.Client, path: str) -> None:
    description = get(http, "/openapi.json")
    name = path.split("?", maxsplit=1)[0].replace(guid_of("L-01"), "{guid}")
    content = description["paths"][name]["get"]["responses"]["200"]["content"]["application/json"]
    schema = {**content["schema"], "components": description["components"]}
    Draft202012Validator(schema).validate(get(http, path))


def test_health(http: httpx.Client) -> None:
    health = get(http, "/api/health")
    assert health["status"] == "ok"
    assert health["restart_needed"] is False
    assert health["notes"] == []


def test_the_model(http: httpx.Client) -> None:
    model = get(http, "/api/model")
    assert model["element_count"] == model["counts"]["elements"] == 17
    assert [storey["name"] for storey in model["storeys"]] == ["1F", "2F"]
    assert model["venue"]["name"] == {"zh": "小楼", "en": "Small house"}
    assert model["venue"]["timezone"] == "Asia/Shanghai"
    assert (model["simulated"], model["speed"]) == (False, 1.0)
    assert model["bounds"]["min"] == pytest.approx([-0.2, -0.2, -0.2], abs=0.01)
    assert http.get(model["tileset_url"]).status_code == 200
    assert http.get(model["columns_url"]).status_code == 200
    assert model["terrain"] is None


def test_boxes_are_those_of_the_elements(http: httpx.Client) -> None:
    boxes = np.frombuffer(http.get(get(http, "/api/model")["boxes_url"]).content, "<f4").reshape(-1, 6)
    for element in get(http, "/api/elements", limit=1000)["items"]:
        found, box = boxes[element["element_index"]], element["box"]
        if box is None:
            assert np.isnan(found).all()
        else:
            assert found == pytest.approx(np.array([*box["min"], *box["max"]]), abs=0.006)


def test_columns_agree_with_the_elements(http: httpx.Client) -> None:
    columns = get(http, "/api/model/columns")
    elements = get(http, "/api/elements", limit=1000)["items"]
    by_index = {element["element_index"]: element for element in elements}
    assert len(columns["class"]) == len(columns["storey"]) == len(columns["space"]) == len(elements)
    for index, element in by_index.items():
        storey = by_index.get(columns["storey"][index])
        assert columns["classes"][columns["class"][index]] == element["class"]
        assert element["storey"] == (storey["guid"] if storey else None)


def test_elements_page_by_page_are_all_elements(http: httpx.Client) -> None:
    whole = [element["guid"] for element in get(http, "/api/elements", limit=1000)["items"]]
    collected: list[str] = []
    cursor = ""
    while cursor is not None:
        page = get(http, "/api/elements", limit=5, cursor=cursor)
        collected += [element["guid"] for element in page["items"]]
        cursor = page["next"]
    assert collected == whole
    assert len(set(whole)) == len(whole)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"q": "L-01"}, {"L-01"}),
        ({"q": "羽毛球"}, {"R1", "R3"}),
        ({"class": "ifclightfixture"}, {"L-01", "L-02"}),
        ({"class": "IfcLightFixture", "storey": guid_of("2F")}, {"L-02"}),
        ({"space": guid_of("R1"), "class": "IfcLightFixture"}, {"L-01"}),
        ({"class": ["IfcDoor", "IfcSlab"], "storey": guid_of("1F")}, {"Door 1F", "Slab 1F"}),
        ({"q": "nothing like this"}, set()),
        ({"class": "IfcSpaceship"}, set()),
    ],
)
def test_elements_are_found(http: httpx.Client, parameters: dict[str, Any], expected: set[str]) -> None:
    found = get(http, "/api/elements", **parameters)["items"]
    assert {element["guid"] for element in found} == {guid_of(name) for name in expected}


def test_elements_are_found_by_index(http: httpx.Client) -> None:
    wanted = get(http, f"/api/elements/{guid_of('Door 1F')}")
    (found,) = get(http, "/api/elements", index=wanted["element_index"])["items"]
    assert found["guid"] == wanted["guid"]
    assert get(http, "/api/elements", index="99999999999")["items"] == []


def test_all_about_a_lamp(http: httpx.Client) -> None:
    lamp = get(http, f"/api/elements/{guid_of('L-01')}")
    assert (lamp["class"], lamp["tag"]) == ("IfcLightFixture", "L-01")
    assert lamp["storey"] == guid_of("1F")
    assert lamp["space"] == guid_of("R1")
    assert lamp["properties"]["Pset_Lamp"]["RatedPower"]["value"] == pytest.approx(0.04)
    assert lamp["box"]["min"] == pytest.approx([3, 2, 2.5], abs=1e-6)
    assert [lamp["placement"][at] for at in (3, 7, 11)] == pytest.approx([3, 2, 2.5])
    assert [parent["name"] for parent in lamp["parents"]][:2] == ["1F", "House"]
    assert [device["device"] for device in lamp["devices"]] == ["L-01"]
    assert [point["point"] for point in lamp["points"]] == ["level", "status"]
    assert set(lamp["points"][0]) >= POINT_KEYS | {"value", "time", "quality"}


def test_storeys_and_spaces(http: httpx.Client) -> None:
    storeys = get(http, "/api/storeys")["items"]
    assert [(each["name"], each["elevation_m"], each["space_count"]) for each in storeys] == [
        ("1F", 0.0, 2),
        ("2F", 3.0, 1),
    ]
    spaces = {each["guid"]: each for each in get(http, "/api/spaces")["items"]}
    room = spaces[guid_of("R1")]
    assert (room["long_name"], room["storey"], room["function"]) == (
        "羽毛球馆",
        guid_of("1F"),
        "badminton_hall",
    )
    assert room["area_m2"] == pytest.approx(30.0)
    assert room["footprint"] is None
    assert len(spaces) == 3


def test_footprints_are_geojson_when_asked_for(http: httpx.Client) -> None:
    spaces = get(http, "/api/spaces", footprint="true", storey=guid_of("1F"))["items"]
    assert {each["guid"] for each in spaces} == {guid_of("R1"), guid_of("R2")}
    for each in spaces:
        assert each["footprint"]["type"] == "Polygon"
        ring = each["footprint"]["coordinates"][0]
        assert ring[0] == ring[-1]
        x, y, _ = each["centre"]
        assert min(p[0] for p in ring) < x < max(p[0] for p in ring)
        assert min(p[1] for p in ring) < y < max(p[1] for p in ring)


def test_a_storeys_plan(http: httpx.Client) -> None:
    answer = http.get(f"/api/plans/{guid_of('1F')}")
    assert answer.headers["content-type"] == "application/geo+json"
    plan = answer.json()
    assert plan["type"] == "FeatureCollection"
    kinds = {feature["properties"]["kind"] for feature in plan["features"]}
    assert {"space", "wall", "door"} <= kinds


def test_where_a_point_is(http: httpx.Client) -> None:
    found = get(http, "/api/spatial/locate", x=3.2, y=2.2, z=2.55)
    assert found["space"]["guid"] == guid_of("R1")
    assert found["storey"]["guid"] == guid_of("1F")
    assert guid_of("L-01") in [each["guid"] for each in found["items"]]
    outside = get(http, "/api/spatial/locate", x=500, y=0, z=0)
    assert (outside["space"], outside["storey"], outside["items"]) == (None, None, [])


def test_what_is_near(http: httpx.Client) -> None:
    near = get(http, "/api/spatial/nearest", x=3, y=2, z=1, **{"class": "IfcLightFixture", "limit": 5})[
        "items"
    ]
    assert [each["guid"] for each in near] == [guid_of("L-01"), guid_of("L-02")]
    assert near[0]["distance_m"] == pytest.approx(1.5)
    assert near[0]["distance_m"] <= near[1]["distance_m"]
    close = get(http, "/api/spatial/nearest", x=3, y=2, z=1, radius=1.5, **{"class": "IfcLightFixture"})
    assert [each["guid"] for each in close["items"]] == [guid_of("L-01")]


def test_points_and_devices(http: httpx.Client) -> None:
    points = get(http, "/api/points")["items"]
    assert [point["point_index"] for point in points] == list(range(5))
    assert all(set(point) >= POINT_KEYS for point in points)
    status = next(point for point in points if (point["device"], point["point"]) == ("L-01", "status"))
    assert [state["key"] for state in status["states"]] == ["off", "on", "fault"]
    assert (status["range"], status["element"], status["class"]) == ([0, 2], guid_of("L-01"), "On_Off_Status")
    devices = get(http, "/api/devices", space=guid_of("R1"))["items"]
    assert [device["device"] for device in devices] == ["L-01", "R1-T"]
    assert devices[0]["attributes"]["rated_kw"] == "0.04"
    assert get(http, "/api/points", limit=2)["next"] == "2"


def test_what_the_staff_keeps(http: httpx.Client) -> None:
    layers = get(http, "/api/layers")["items"]
    assert [layer["id"] for layer in layers] == ["devices", "temperature"]
    assert layers[0]["rules"][0]["states"]["2"] == "#c8321e"
    pois = {poi["id"]: poi for poi in get(http, "/api/pois")["items"]}
    assert pois["hall"]["space_guid"] == guid_of("R1")
    assert pois["hall"]["position"] == pytest.approx([3, 2.5, 1.4], abs=0.5)
    assert pois["corner"]["space_guid"] == guid_of("R1")
    (camera,) = get(http, "/api/cameras")["items"]
    assert (camera["device"], camera["element"], camera["yaw_deg"]) == ("L-01", guid_of("L-01"), 90)


def test_the_state_as_a_frame_is_the_state_as_json(http: httpx.Client) -> None:
    http.post("/api/telemetry", json={"samples": [{"device": "R1-T", "point": "temperature", "value": 21.5}]})
    known = {each["point_index"]: each for each in get(http, "/api/state")["items"] if each["time"]}
    answer = http.get("/api/state", headers={"accept": "application/octet-stream"})
    frame = decode_frame(answer.content)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert frame.kind is Kind.SNAPSHOT
    assert sorted(frame.point_index.tolist()) == sorted(known)
    for index, value in zip(frame.point_index.tolist(), frame.value.tolist(), strict=True):
        expected = known[index]["value"]
        assert (expected is None and math.isnan(value)) or value == expected


def test_the_docs_need_nothing_from_outside(http: httpx.Client) -> None:
    page = http.get("/docs").text
    assert "http://" not in page
    assert "https://" not in page
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        assert f"/docs/assets/{name}" in page
        assert len(http.get(f"/docs/assets/{name}").content) > 100_000
    assert http.get("/docs/start.js").status_code == 200
    assert json.loads(http.get("/openapi.json").text)["openapi"].startswith("3.1")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/elements/nobody", 404),
        ("/api/elements?storey=nowhere", 404),
        ("/api/elements?space=nowhere", 404),
        ("/api/elements?cursor=zz", 400),
        ("/api/elements?index=a", 400),
        ("/api/elements?limit=0", 422),
        ("/api/elements?limit=many", 422),
        ("/api/plans/nowhere", 404),
        ("/api/spaces?storey=nowhere", 404),
        ("/api/points?cursor=-1", 400),
        ("/api/spatial/locate?x=1&y=2", 422),
        ("/api/spatial/locate?x=nan&y=2&z=3", 422),
        ("/api/spatial/nearest?x=inf&y=2&z=3", 422),
        ("/api/spatial/nearest?x=1&y=2&z=3&radius=-1", 422),
        ("/api/nothing", 404),
        ("/api", 404),
        ("/tiles/nothing.glb", 404),
        ("/docs/assets/nothing.js", 404),
        ("/no-such-file.js", 404),
    ],
)
def test_what_cannot_be_answered_is_a_problem(http: httpx.Client, path: str, status: int) -> None:
    answer = http.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["instance"] == path.split("?", maxsplit=1)[0]


def test_a_wrong_method_is_a_problem_that_names_the_right_one(http: httpx.Client) -> None:
    answer = http.delete("/api/model")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_answer_has_the_security_headers(http: httpx.Client) -> None:
    for path in ("/", "/api/model", "/api/nothing", "/tiles/tileset.json", "/docs"):
        headers = http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (
        "access-control-allow-origin" not in http.get("/api/model", headers={"origin": "http://a.b"}).headers
    )
