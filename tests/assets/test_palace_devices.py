"""The demo venue's devices: placing, products, the model's elements, and the files that staff keep."""

# ruff: noqa: E501  (tables and assertions read better in rows)

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cache
from itertools import combinations, pairwise
from math import dist, isclose, pi
from pathlib import Path
from typing import Any

import ifcopenshell
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ifcopenshell import entity_instance as Entity  # noqa: N812
from shapely import MultiPoint, Point, Polygon
from shapely.affinity import rotate, translate

from assets.palace import devices
from assets.palace.devices_list import all_devices, cameras_text, csv_text, device_guid
from assets.palace.devices_mesh import Mesh, block, box, dome, frustum, joined, lathe, prism, tube
from assets.palace.devices_models import HANGABLE, model, model_keys
from assets.palace.devices_power import connected_kw, parent_of
from assets.palace.devices_spec import DeviceSpec, along_walls, covered, grid, number, numbered, outline, wish
from assets.palace.ifc_writer import IfcWriter, is_a
from assets.palace.layout import Layout, build_layout
from assets.palace.mep_routes import PIECE_M, SUPPLY, Piece, all_pieces, cut
from assets.palace.palette import PALETTE
from assets.palace.structure import beam_spans
from telemetry_bridge.registry import load_registry
from twin.venue import Layer, Venue, load_venue

VENUE = devices.VENUE
FLOOR_STANDING = frozenset({
    "ahu", "chiller", "cooling_tower", "pump", "pool_heat_pump", "boiler", "water_tank", "battery", "ups", "transformer",
    "generator", "info_kiosk", "vending_machine", "water_dispenser", "smart_locker", "robot_dock", "exhaust_fan",
    "pv_string",
})  # fmt: skip


@cache
def layout() -> Layout:
    return build_layout()


@cache
def rows() -> list[dict[str, str]]:
    with (VENUE / "devices.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def types() -> Mapping[str, Any]:
    content: Mapping[str, Any] = yaml.safe_load((VENUE / "device_types.yaml").read_text(encoding="utf-8"))
    return content


@cache
def venue() -> Venue:
    return load_venue(VENUE)


@pytest.fixture(scope="module")
def model_file() -> ifcopenshell.file:
    writer = IfcWriter()
    devices.place_all(writer)
    return writer.finish()


# -- meshes and products -------------------------------------------------------------------------------------


def volume(mesh: Mesh) -> float:
    total = 0.0
    for a, b, c in (tuple(mesh.vertices[i] for i in face) for face in mesh.triangles()):
        total += (
            a[0] * (b[1] * c[2] - b[2] * c[1])
            - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0])
        )
    return total / 6


def edges_not_matched(mesh: Mesh) -> int:
    """Directed edges without exactly one partner in the other direction: 0 for a closed, oriented surface."""
    count = Counter((a, b) for face in mesh.faces for a, b in pairwise([*face, face[0]]))
    return sum(1 for (a, b), n in count.items() if n != 1 or count.get((b, a), 0) != 1)


size = st.floats(0.01, 20.0)


@given(size, size, size)
def test_a_box_is_closed_and_as_big_as_asked(x: float, y: float, z: float) -> None:
    mesh = box((x, y, z), (1.0, -2.0, 3.0))
    assert edges_not_matched(mesh) == 0
    assert isclose(volume(mesh), x * y * z, rel_tol=1e-6)


@given(st.floats(0.1, 5.0), st.floats(0.1, 5.0), st.integers(3, 40))
def test_a_tube_approaches_the_cylinder_from_inside(radius: float, height: float, sides: int) -> None:
    mesh = tube(radius, 1.0, 1.0 + height, sides)
    full = pi * radius**2 * height
    assert edges_not_matched(mesh) == 0
    assert 0.4 * full < volume(mesh) < full


@given(st.floats(-720, 720), st.floats(-90, 90), st.floats(-9, 9))
def test_moving_and_turning_keep_volume_and_closure(turn: float, tilt: float, shift: float) -> None:
    mesh = joined([frustum((2, 1), (1, 0.5), 0, 1), dome(0.4, 8).moved(5)])
    placed = mesh.turned(turn).tilted(tilt).moved(shift, -shift, shift).along_x().along_y()
    assert edges_not_matched(placed) == 0
    assert isclose(volume(placed), volume(mesh), rel_tol=1e-6)


def test_a_dome_closes_at_its_pole_and_a_prism_keeps_its_outline() -> None:
    assert edges_not_matched(dome(1.0, down=False)) == edges_not_matched(dome(1.0)) == 0
    assert edges_not_matched(lathe([(0.0, 0.0), (1.0, 1.0), (0.0, 2.0)])) == 0
    assert isclose(volume(prism([(0, 0), (2, 0), (0, 2)], 1.0, 4.0)), 6.0)
    assert block((1, 1, 2), (0, 0, 5)).vertices[0][2] == 5


@pytest.mark.parametrize("key", model_keys())
def test_a_product_is_made_of_closed_bodies_in_known_finishes(key: str) -> None:
    for mesh, finish in model(key).items:
        assert finish in PALETTE
        assert edges_not_matched(mesh) == 0
        assert volume(mesh) > 0
    triangles = sum(len(mesh.triangles()) for mesh, _ in model(key).items)
    assert 12 <= triangles <= 500


@pytest.mark.parametrize("key", sorted(HANGABLE))
def test_a_rod_reaches_up_from_a_ceiling_product(key: str) -> None:
    plain, hung = model(key), model(f"{key}@0.75")
    highest = [max(v[2] for mesh, _ in each.items for v in mesh.vertices) for each in (plain, hung)]
    assert highest == [pytest.approx(0.0, abs=0.01), 0.75]
    assert all(edges_not_matched(mesh) == 0 for mesh, _ in hung.items)
    assert hung.article != plain.article


def test_what_hangs_on_a_rod_hangs_from_a_slab() -> None:
    slabs = [storey.elevation - 0.3 for storey in layout().storeys]
    rods = [spec for spec in all_devices() if "@" in spec.model]
    assert rods
    for spec in rods:
        top = spec.position[2] + float(spec.model.partition("@")[2])
        assert min(abs(top - slab) for slab in slabs) < 0.01, spec.id


@pytest.mark.parametrize("key", model_keys())
def test_a_product_has_a_class_and_a_predefined_type_of_ifc4(key: str) -> None:
    schema: Any = ifcopenshell.ifcopenshell_wrapper.schema_by_name("IFC4")
    product = model(key)
    attributes = schema.declaration_by_name(product.ifc_class).as_entity().all_attributes()
    attribute = next(each for each in attributes if each.name() == "PredefinedType")
    allowed = attribute.type_of_attribute().declared_type().as_enumeration_type().enumeration_items()
    assert (product.predefined if product.predefined.isupper() else "USERDEFINED") in allowed


# -- placing -------------------------------------------------------------------------------------------------


def test_ids_count_up_per_storey_and_kind() -> None:
    hall, court = layout().space("L1.basketball"), layout().space("L3.badminton")
    asked = [wish("camera", "dome_camera", space, (0, 0, 0)) for space in (hall, court, hall)]
    asked.append(wish("aed", "aed", hall, (0, 0, 0)))
    assert [spec.id for spec in numbered(asked)] == [
        "L1-CAM-0001",
        "L3-CAM-0001",
        "L1-CAM-0002",
        "L1-AED-0001",
    ]


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_numbers_are_written_short_and_read_back(value: float, digits: int) -> None:
    text = number(value, digits)
    assert "e" not in text
    assert not (("." in text) and text.endswith("0"))
    assert abs(float(text) - value) <= 0.5 * 10**-digits * 1.0001


@given(st.sampled_from([space.key for space in build_layout().spaces]), st.floats(1.5, 30.0))
def test_grid_points_lie_inside_their_space(key: str, step: float) -> None:
    space = layout().space(key)
    points = grid(space, step)
    assert points
    assert all(outline(space).contains(Point(*point)) for point in points)


@given(st.sampled_from([space.key for space in build_layout().spaces]), st.floats(1.0, 20.0))
def test_wall_spots_lie_on_walls_face_the_room_and_spare_the_doors(key: str, step: float) -> None:
    space = layout().space(key)
    for spot in along_walls(space, step):
        ahead = rotate(Point(spot.x, spot.y + 0.05), spot.yaw_deg, origin=(spot.x, spot.y))
        assert outline(space).boundary.distance(Point(spot.x, spot.y)) < 0.01
        assert outline(space).contains(ahead)
        for door in layout().doors:
            if key in (door.space_a, door.space_b):
                assert dist((spot.x, spot.y), (door.x, door.y)) > door.width / 2


def test_every_device_lies_in_the_space_that_it_names() -> None:
    # The car park's ramp ends beside the plaza, outside every space.
    astray = {
        spec.type for spec in all_devices() if outline(spec.space).distance(Point(spec.position[:2])) > 0.25
    }
    assert astray <= {"vehicle_barrier"}


def test_every_device_lies_between_floor_and_slab() -> None:
    tall = {spec.key: spec.height for spec in layout().storeys}
    for spec in all_devices():
        above = spec.position[2] - spec.space.floor_z
        assert -0.01 <= above <= max(tall[spec.space.storey], spec.space.height) + 0.01, spec.id


def test_nothing_hangs_in_the_atriums_void() -> None:
    for key in ("L1.lobby", "L3.gallery", "L4.gallery"):
        space = layout().space(key)
        for spec in all_devices():
            hangs = spec.position[2] > space.floor_z + 3.5 and spec.type not in {"camera", "led_screen"}
            if spec.space.key == key and hangs:
                assert covered(space).buffer(0.5).contains(Point(spec.position[:2])), spec.id


def test_nothing_hangs_inside_a_beam() -> None:
    for storey in layout().storeys:
        beams = beam_spans(layout(), storey)
        hung = [
            s
            for s in all_devices()
            if s.space.storey == storey.key and s.type in {"smoke_detector", "luminaire_linear"}
        ]
        for spec in hung:
            x, y, _ = spec.position
            inside = [b for low, high, b in beams if low < x < high and abs(y - b) < 0.14]
            assert inside == [], spec.id


def footprint(spec: DeviceSpec) -> Polygon:
    points = [vertex[:2] for mesh, _ in model(spec.model).items for vertex in mesh.vertices]
    hull = MultiPoint(points).convex_hull
    turned = rotate(hull, spec.yaw_deg, origin=(0, 0))
    placed = translate(turned, spec.position[0], spec.position[1])
    assert isinstance(placed, Polygon)
    return placed


def test_machines_do_not_stand_in_one_another() -> None:
    standing = [(spec, footprint(spec)) for spec in all_devices() if spec.type in FLOOR_STANDING]
    assert len(standing) > 80
    clashes = [
        (a.id, b.id)
        for (a, one), (b, other) in combinations(standing, 2)
        if a.space.key == b.space.key and one.intersection(other).area > 0.01
    ]
    assert clashes == []


def test_machines_stand_inside_their_rooms_and_leave_the_doors_free() -> None:
    for spec in all_devices():
        if spec.type in FLOOR_STANDING and not spec.space.external:
            shape = footprint(spec)
            assert shape.difference(outline(spec.space).buffer(0.05)).area < 0.02, spec.id
            for door in layout().doors:
                if spec.space.key in (door.space_a, door.space_b) and door.kind != "open":
                    assert shape.distance(Point(door.x, door.y)) > door.width / 2 - 0.1, (
                        spec.id,
                        door.number,
                    )


def test_every_bay_has_a_sensor_and_every_charging_bay_a_charger() -> None:
    found = defaultdict(set)
    for spec in all_devices():
        if "bay" in spec.attributes:
            found[spec.type].add(spec.attributes["bay"])
    assert found["parking_sensor"] == {bay.number for bay in layout().bays}
    assert found["ev_charger"] == {bay.number for bay in layout().bays if bay.charger}


# -- circuits ------------------------------------------------------------------------------------------------


def loads() -> list[dict[str, str]]:
    apart = {"electricity_meter", "water_meter", "cooling_meter", "irrigation_valve"}
    return [row for row in rows() if row["circuit"] and row["type"] not in apart]


def test_every_circuit_has_one_meter_and_hangs_below_the_intake() -> None:
    meters = Counter(row["circuit"] for row in rows() if row["type"] == "electricity_meter")
    assert set(meters.values()) == {1}
    assert {row["circuit"] for row in loads()} <= set(meters)
    for row in rows():
        if row["type"] == "electricity_meter":
            assert row["parent_circuit"] in meters or row["circuit"] == "MAIN"
            assert row["parent_circuit"] == parent_of(row["circuit"])


def test_connected_power_adds_up_along_the_tree() -> None:
    meters = {row["circuit"]: row for row in rows() if row["type"] == "electricity_meter"}
    direct: dict[str, float] = defaultdict(float)
    for row in loads():
        direct[row["circuit"]] += float(row["rated_kw"] or 0)
    for circuit, row in meters.items():
        below = sum(float(m["connected_kw"]) for m in meters.values() if m["parent_circuit"] == circuit)
        own = direct[circuit] + float(row["plug_kw"] or 0)
        assert float(row["connected_kw"]) == pytest.approx(below + own, abs=0.3), circuit


def test_the_intake_can_feed_what_is_connected() -> None:
    total = connected_kw(layout(), [])  # sockets alone
    transformers = [float(row["rated_kva"]) for row in rows() if row["type"] == "transformer"]
    main = next(
        float(r["connected_kw"])
        for r in rows()
        if r["circuit"] == "MAIN" and r["type"] == "electricity_meter"
    )
    assert total["MAIN"] < main < sum(transformers)


def test_what_devices_refer_to_exists() -> None:
    spaces = {space.number for space in layout().spaces}
    doors = {door.number for door in layout().doors}
    units = [
        row["unit"]
        for row in rows()
        if row["unit"] and row["type"] not in {"air_terminal", "exhaust_terminal"}
    ]
    assert len(units) == len(set(units))
    for row in rows():
        assert set(filter(None, row["serves"].split(";"))) <= spaces, row["device"]
        assert row["space"] in spaces
        assert not row["door"] or row["door"] in doors
        assert not row["inverter"] or row["inverter"] in units
        if row["type"] in {"air_terminal", "exhaust_terminal"}:
            assert row["unit"] in units


def test_terminals_share_out_the_flow_of_their_unit() -> None:
    for row in rows():
        if row["type"] == "ahu":
            share = [
                float(r["flow_m3h"])
                for r in rows()
                if r["type"] == "air_terminal" and r["unit"] == row["unit"]
            ]
            assert sum(share) == pytest.approx(float(row["flow_m3h"]), rel=0.01)


# -- files ---------------------------------------------------------------------------------------------------


def test_the_committed_files_are_those_that_the_rules_give() -> None:
    hint = "run: python -m assets.palace.devices --write-csv"
    assert (VENUE / "devices.csv").read_text(encoding="utf-8") == csv_text(all_devices()), hint
    assert (VENUE / "cameras.yaml").read_text(encoding="utf-8") == cameras_text(all_devices()), hint


def test_the_command_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "VENUE", tmp_path)
    assert devices.main([]) == 0
    assert list(tmp_path.iterdir()) == []
    assert devices.main(["--write-csv"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"devices.csv", "cameras.yaml"}


def test_the_registry_takes_the_files() -> None:
    registry = load_registry(VENUE / "device_types.yaml", VENUE / "devices.csv")
    assert len(registry.devices) == len(rows()) >= 1500
    assert len(registry.types) >= 25
    assert {device.type for device in registry.devices.values()} == set(registry.types)


def test_points_are_described_in_full() -> None:
    for type_id, entry in types().items():
        assert entry["name"]["zh"], type_id
        assert entry["points"], type_id
        for point in entry["points"]:
            low, high = point["range"]
            assert low < high, (type_id, point["name"])
            assert point["label"]["zh"]
            assert point["label"]["en"]
            assert 1 <= point["period_s"] <= 600
            if "states" in point:
                assert [low, high] == [0, len(point["states"]) - 1]


def test_a_status_means_the_same_everywhere() -> None:
    for type_id, entry in types().items():
        statuses = [point for point in entry["points"] if point["name"] == "status"]
        assert len(statuses) == 1, type_id
        assert statuses[0]["states"][2]["key"] == "fault", type_id
        assert statuses[0]["writable"] is False


def test_ratings_lie_inside_the_range_of_the_power_that_is_measured() -> None:
    for row in rows():
        points = {point["name"]: point for point in types()[row["type"]]["points"]}
        if row["rated_kw"] and "power" in points:
            assert float(row["rated_kw"]) <= points["power"]["range"][1], row["device"]


def test_layers_read_points_that_exist_and_states_that_exist() -> None:
    by_class = defaultdict(list)
    for entry in types().values():
        for point in entry["points"]:
            by_class[point["class"]].append(point)
    assert sum(layer.default for layer in venue().layers) == 1
    for layer in venue().layers:
        for rule in layer.rules:
            wanted = [rule.point_class] if isinstance(rule.point_class, str) else rule.point_class
            for point_class in wanted:
                assert by_class[point_class], (layer.id, point_class)
                _check_rule_fits(rule.states, rule.ramp.unit if rule.ramp else None, by_class[point_class])


def _check_rule_fits(states: Mapping[str, str] | None, unit: str | None, points: list[Any]) -> None:
    for point in points:
        if states is not None:
            assert len(point["states"]) <= len(states)
        else:
            assert point["unit"] == unit


def lab(colour: str) -> tuple[float, float, float]:
    """CIE L*a*b* (D65) of a colour as somebody with deuteranopia sees it (Machado et al. 2009, severity 1)."""
    code = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in code]
    seen = _times(
        ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
        linear,
    )
    xyz = _times(((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)), seen)
    f = [
        v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116
        for v in (max(0.0, a / w) for a, w in zip(xyz, (0.9505, 1, 1.089), strict=True))
    ]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def _times(matrix: tuple[tuple[float, ...], ...], vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


@pytest.mark.parametrize("layer", load_venue(VENUE).layers, ids=lambda layer: str(layer.id))
def test_colours_of_a_rule_keep_apart_for_colour_blind_eyes(layer: Layer) -> None:
    for rule in layer.rules:
        colours = (
            list(rule.states.values())
            if rule.states
            else [c for _, c in rule.ramp.stops]
            if rule.ramp
            else []
        )
        pairs = combinations(colours, 2) if rule.states else pairwise(colours)
        for one, other in pairs:
            assert dist(lab(one), lab(other)) > 10, (layer.id, one, other)


def test_cameras_are_devices_and_look_from_where_they_hang() -> None:
    cameras = {row["device"]: row for row in rows() if row["type"] == "camera"}
    assert set(venue().cameras) == set(cameras)
    for device, pose in venue().cameras.items():
        space = next(s for s in layout().spaces if s.number == cameras[device]["space"])
        assert outline(space).distance(Point(pose.position[:2])) < 0.2
        assert -90 <= pose.pitch_deg <= 0
        assert 0 <= pose.yaw_deg < 360


def test_points_of_interest_are_in_the_venue() -> None:
    spaces = {space.number for space in layout().spaces}
    assert len(venue().pois) >= 60
    for poi in venue().pois:
        assert poi.name.zh
        assert poi.name.en
        assert (poi.space is None) != (poi.position is None), poi.id
        assert poi.space is None or poi.space in spaces
        if poi.position is not None:
            assert -30 < poi.position[0] < 150
            assert -60 < poi.position[1] < 60
            assert poi.position[2] in {0.0, -5.1}


def test_the_programme_fits_rooms_hours_and_itself() -> None:
    rooms = {space.number: space for space in layout().spaces}
    taken = defaultdict(list)
    for booking in venue().programme:
        assert booking.people <= (rooms[booking.space].capacity or booking.people)
        for day in booking.days:
            hours = venue().info.opening_hours[day]
            assert any(a <= booking.start < booking.end <= z for a, z in hours), booking
            taken[booking.space, day].append((booking.start, booking.end))
    assert len(taken) > 150
    for (space, day), spans in taken.items():
        for (_, end), (start, _) in pairwise(sorted(spans)):
            assert end <= start, (space, day)


def test_accessible_routes_name_what_exists() -> None:
    routes = venue().accessible_routes
    doors = {door.number for door in layout().doors}
    lifts = {lift.key.upper().replace("_", "-") for lift in layout().lifts}
    numbers = {space.number: space for space in layout().spaces}
    assert {
        *routes["entrances"]["doors"],
        *routes["entrances"]["automatic"],
        *routes["heavy_doors"]["doors"],
    } <= doors
    assert {each["tag"] for each in routes["lifts"]} | set(routes["not_for_visitors"]["lifts"]) == lifts
    assert {numbers[n].function for n in routes["toilets"]} == {"toilet_accessible"}
    assert set(routes["refuges"]["spaces"]) <= set(numbers)
    assert routes["parking_bays"] == [bay.number for bay in layout().bays if bay.accessible]


# -- the model -----------------------------------------------------------------------------------------------


def class_of(element: Entity) -> str:
    return str(element.get_info(recursive=False)["type"])


def container_name(element: Entity) -> str:
    return str(element.ContainedInStructure[0].RelatingStructure.Name)


def test_every_row_is_an_element_of_the_right_class_tag_and_space(model_file: ifcopenshell.file) -> None:
    by_guid = {element.GlobalId: element for element in model_file.by_type("IfcElement")}
    assert len({row["device"] for row in rows()}) == len({row["guid"] for row in rows()}) == len(rows())
    for row in rows():
        element = by_guid[row["guid"]]
        assert row["guid"] == device_guid(row["device"])
        assert class_of(element) == types()[row["type"]]["ifc_class"], row["device"]
        assert element.Tag == row["device"] == row["tag"]
        assert element.Name == row["name_zh"]
        assert container_name(element) == row["space"]


def property_values(element: Entity, pset: str) -> dict[str, Any]:
    sets = [rel.RelatingPropertyDefinition for rel in element.IsDefinedBy]
    found = [each for each in sets if each.Name == pset]
    return {p.Name: p.NominalValue.wrappedValue for each in found for p in each.HasProperties}


def test_devices_carry_names_serials_and_makers(model_file: ifcopenshell.file) -> None:
    serials = set()
    for row in rows()[::7]:
        element = model_file.by_guid(row["guid"])
        assert property_values(element, "Venue_Common")["NameEn"] == row["name_en"]
        assert property_values(element, "Venue_Device")["DeviceType"] == row["type"]
        occurrence = property_values(element, "Pset_ManufacturerOccurrence")
        assert occurrence["BarCode"] == row["device"]
        serials.add(occurrence["SerialNumber"])
        product = element.IsTypedBy[0].RelatingType
        maker = next(p for p in product.HasPropertySets if p.Name == "Pset_ManufacturerTypeInformation")
        assert {p.Name for p in maker.HasProperties} >= {"Manufacturer", "ModelReference"}
    assert len(serials) > 0.99 * len(rows()[::7])


def test_power_is_written_in_watts(model_file: ifcopenshell.file) -> None:
    row = next(row for row in rows() if row["type"] == "chiller")
    facts = property_values(model_file.by_guid(row["guid"]), "Venue_Device")
    assert facts["RatedPower"] == pytest.approx(1000 * float(row["rated_kw"]))


def test_shapes_are_mapped_from_types(model_file: ifcopenshell.file) -> None:
    for row in rows()[::11]:
        shape = model_file.by_guid(row["guid"]).Representation.Representations[0]
        assert shape.RepresentationType == "MappedRepresentation"


def test_services_run_in_systems(model_file: ifcopenshell.file) -> None:
    segments = [*model_file.by_type("IfcFlowSegment")]
    assert len(segments) >= 800
    assert {class_of(each) for each in segments} == {
        "IfcDuctSegment",
        "IfcPipeSegment",
        "IfcCableCarrierSegment",
    }
    for segment in segments:
        assert [class_of(rel.RelatingGroup) for rel in segment.HasAssignments] == ["IfcDistributionSystem"]
    systems = {system.PredefinedType for system in model_file.by_type("IfcDistributionSystem")}
    assert systems >= {
        "AIRCONDITIONING", "EXHAUST", "CHILLEDWATER", "DOMESTICCOLDWATER", "FIREPROTECTION", "ELECTRICAL", "DATA",
        "POWERGENERATION",
    }  # fmt: skip
    for system in model_file.by_type("IfcDistributionSystem"):
        assert system.IsGroupedBy, system.Name
        assert any(not is_a(m, "IfcFlowSegment") for rel in system.IsGroupedBy for m in rel.RelatedObjects), (
            system.Name
        )


def test_global_ids_are_unique(model_file: ifcopenshell.file) -> None:
    guids = [root.GlobalId for root in model_file.by_type("IfcRoot")]
    assert len(guids) == len(set(guids))


# -- runs ----------------------------------------------------------------------------------------------------

coordinate = st.integers(-500, 500).map(lambda n: n / 10)
corner = st.tuples(coordinate, coordinate, coordinate)


@given(st.lists(corner, min_size=2, max_size=6))
def test_a_run_is_cut_without_a_gap_into_delivered_lengths(points: list[tuple[float, float, float]]) -> None:
    pieces = [each for each in cut(0, "L1", SUPPLY, points) if each.start != each.end]
    legs = [(a, b) for a, b in pairwise(points) if dist(a, b) >= 0.05]
    assert sum(dist(p.start, p.end) for p in pieces) == pytest.approx(
        sum(dist(a, b) for a, b in legs), abs=0.02
    )
    assert all(dist(p.start, p.end) <= PIECE_M + 1e-3 for p in pieces)
    assert all(dist(a.end, b.start) < 0.051 for a, b in pairwise(pieces))


def test_the_buildings_pieces_have_unique_keys_and_stay_in_the_building() -> None:
    pieces = all_pieces(layout())
    assert len({piece.key for piece in pieces}) == len(pieces)
    assert all(inside_building(piece) for piece in pieces)


def inside_building(piece: Piece) -> bool:
    level = layout().storey(piece.storey)
    high = max(level.height, 10.0) if piece.storey in {"L1", "L3"} else level.height
    return all(
        -0.5 < x < 135.5 and -4.5 < y < 51 and level.elevation - 0.01 <= z <= level.elevation + high + 0.01
        for x, y, z in (piece.start, piece.end)
    )
