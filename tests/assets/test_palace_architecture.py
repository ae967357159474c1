"""The demo venue's building: its programme holds together, and the model written from it is sound."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from pathlib import Path

import ifcopenshell
import ifcopenshell.util.element as elements
import ifcopenshell.validate
import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon, box

from assets.palace import generate
from assets.palace.__main__ import main
from assets.palace.arranging import arrange, site_of
from assets.palace.devices_mesh import Mesh
from assets.palace.errors import LayoutError, WriterError
from assets.palace.ifc_writer import Frame, IfcWriter, box_part, guid_of, is_a, polygon_measures
from assets.palace.layout import Layout, build_layout
from assets.palace.meshes import bar, ribbon, sheet
from assets.palace.roofs import sports_height
from assets.palace.stairs import risers, step_profile
from assets.palace.wall_plan import edges

STOREYS = ("B1", "L1", "L2", "L3", "L4", "L5", "RF")
REQUIRED = {
    "badminton_hall": 1,
    "basketball_hall": 1,
    "table_tennis_hall": 1,
    "swimming_pool": 1,
    "fitness": 1,
    "theatre": 1,
    "stage": 1,
    "library": 1,
    "exhibition_hall": 1,
    "gallery": 1,
    "training_room": 12,
    "dance_room": 2,
    "music_room": 3,
    "lobby": 1,
    "office": 4,
    "control_room": 1,
    "electrical_room": 1,
    "hvac_plant": 1,
    "water_plant": 1,
    "battery_room": 1,
    "changing_room_men": 2,
    "changing_room_women": 2,
    "water_point": 8,
    "plaza": 1,
    "outdoor_stage": 1,
    "car_park": 1,
}


@pytest.fixture(scope="module")
def layout() -> Layout:
    return build_layout()


@pytest.fixture(scope="module")
def model_path(palace_ifc: Path) -> Path:
    return palace_ifc


@pytest.fixture(scope="module")
def model(model_path: Path) -> ifcopenshell.file:
    return ifcopenshell.open(str(model_path))


# -- the programme -------------------------------------------------------------------------------------


def test_the_programme_has_what_a_cultural_palace_needs(layout: Layout) -> None:
    have = Counter(s.function for s in layout.spaces)
    assert {f: (n, have[f]) for f, n in REQUIRED.items() if have[f] < n} == {}
    assert len(layout.bays) >= 120
    assert sum(b.charger for b in layout.bays) >= 8
    assert [s.key for s in layout.storeys] == list(STOREYS)


def test_toilets_are_on_every_floor_of_both_wings(layout: Layout) -> None:
    for storey, wings in {"L1": 2, "L2": 2, "L3": 2, "L4": 1, "L5": 1}.items():
        for function in ("toilet_men", "toilet_women", "toilet_accessible"):
            assert sum(s.function == function for s in layout.on(storey)) == wings, (storey, function)


@pytest.mark.parametrize("storey", STOREYS)
def test_spaces_of_a_storey_do_not_overlap(layout: Layout, storey: str) -> None:
    for a, b in itertools.combinations(layout.on(storey), 2):
        assert Polygon(a.gross).intersection(Polygon(b.gross)).area < 1e-6, (a.key, b.key)


def test_space_polygons_are_simple_and_counter_clockwise(layout: Layout) -> None:
    for spec in layout.spaces:
        shape = Polygon(spec.polygon)
        assert shape.is_valid, spec.key
        assert shape.exterior.is_ccw, spec.key
        assert shape.area > 0.5, spec.key
        assert Polygon(spec.gross).buffer(1e-6).contains(shape), spec.key


def test_numbers_and_keys_are_unique(layout: Layout) -> None:
    for group in (layout.spaces, layout.doors, layout.bays):
        numbers = [x.number for x in group]
        assert len(numbers) == len(set(numbers))
    assert len({s.key for s in layout.spaces}) == len(layout.spaces)


def test_every_door_stands_between_its_two_spaces(layout: Layout) -> None:
    for door in layout.doors:
        step = (0.0, 0.4) if door.axis == "x" else (0.4, 0.0)
        sides = [Point(door.x + s * step[0], door.y + s * step[1]) for s in (-1, 1)]
        a = Polygon(layout.space(door.space_a).gross)
        assert sum(a.buffer(1e-6).contains(p) for p in sides) == 1, door.key
        if door.space_b is not None:
            b = Polygon(layout.space(door.space_b).gross)
            assert sum(b.buffer(1e-6).contains(p) for p in sides) == 1, door.key
        else:
            indoor = [s for s in layout.on(door.storey) if not s.external]
            hits = sum(Polygon(s.gross).contains(p) for s in indoor for p in sides)
            assert hits == 1, f"{door.key} does not lead outside"


def test_every_door_fits_one_wall(layout: Layout) -> None:
    for storey in STOREYS:
        held = Counter(d.key for e in edges(layout, storey) for d in e.doors)
        wanted = [d.key for d in layout.doors if d.storey == storey and d.kind != "open"]
        assert {k: held[k] for k in wanted if held[k] != 1} == {}


def test_doors_do_not_overlap(layout: Layout) -> None:
    for a, b in itertools.combinations(layout.doors, 2):
        if a.storey == b.storey and "open" not in (a.kind, b.kind):
            gap = max(abs(a.x - b.x), abs(a.y - b.y)) - (a.width + b.width) / 2 * (a.axis == b.axis)
            assert gap > 0.0, (a.key, b.key)


def _graph(layout: Layout, step_free: bool = False) -> nx.Graph[str]:
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(s.key for s in layout.spaces)
    graph.add_edges_from((d.space_a, d.space_b or "outside") for d in layout.doors)
    if not step_free:
        graph.add_edges_from(s.spaces for s in layout.stairs)
        graph.add_edges_from((r.space_bottom, r.space_top or "outside") for r in layout.ramps)
    for lift in layout.lifts:
        graph.add_edges_from(itertools.pairwise(lift.spaces))
    return graph


def test_every_public_space_can_be_reached_from_outside(layout: Layout) -> None:
    reached = nx.node_connected_component(_graph(layout), "outside")
    assert [s.key for s in layout.spaces if s.public and s.key not in reached] == []


def test_every_public_room_can_be_reached_without_steps(layout: Layout) -> None:
    reached = nx.node_connected_component(_graph(layout, step_free=True), "L1.lobby")
    rooms = [s for s in layout.spaces if s.public and s.function not in {"stair", "roof", "ramp"}]
    assert [s.key for s in rooms if s.key not in reached] == []


def test_two_stairs_serve_each_floor_of_each_wing(layout: Layout) -> None:
    for storey, wings in {"L1": 2, "L2": 2, "L3": 2, "L4": 1, "L5": 1}.items():
        enclosed = [s for s in layout.on(storey) if s.function == "stair"]
        assert len(enclosed) == 2 * wings


def test_stairs_and_lifts_stand_above_themselves(layout: Layout) -> None:
    towers: dict[str, set[object]] = {}
    for stair in layout.stairs:
        if stair.form == "u":
            towers.setdefault(stair.key.partition(".")[0], set()).add((stair.rect, stair.entry))
            low, high = (layout.space(k) for k in stair.spaces)
            assert (low.floor_z, high.floor_z) == (stair.z_bottom, stair.z_top)
            assert Polygon(low.gross).equals(Polygon(high.gross))
    assert {k: v for k, v in towers.items() if len(v) != 1} == {}
    for lift in layout.lifts:
        assert "B1" in lift.stops
        for key in lift.spaces:
            assert Polygon(layout.space(key).polygon).buffer(1e-6).contains(box(*lift.rect)), key


def test_lifts_stop_at_each_storey_of_their_wing(layout: Layout) -> None:
    for lift in layout.lifts:
        wanted = STOREYS[:4] if lift.key.startswith("lift_s") else STOREYS[:6]
        assert lift.stops == wanted
        for storey, key in zip(lift.stops, lift.spaces, strict=True):
            doors = [d for d in layout.doors if d.kind == "lift" and key in (d.space_a, d.space_b)]
            assert len(doors) == 1, (lift.key, storey)


def test_bays_lie_in_their_zone_and_apart(layout: Layout) -> None:
    boxes = [box(b.x - 1.24, b.y - 2.64, b.x + 1.24, b.y + 2.64) for b in layout.bays]
    for bay, area in zip(layout.bays, boxes, strict=True):
        zones = [Polygon(s.polygon) for s in layout.of("car_park")]
        assert sum(z.intersection(area).area for z in zones) == pytest.approx(area.area), bay.number
    for a, b in itertools.combinations(boxes, 2):
        assert not a.intersects(b)


def test_an_unknown_space_is_refused_with_its_name(layout: Layout) -> None:
    with pytest.raises(LayoutError, match=r"L9\.nowhere"):
        layout.space("L9.nowhere")
    with pytest.raises(LayoutError, match="L9"):
        layout.storey("L9")


# -- walls, stairs, roof, furniture: the pure geometry ---------------------------------------------------


@pytest.mark.parametrize("storey", STOREYS)
def test_walls_enclose_each_indoor_space(layout: Layout, storey: str) -> None:
    """Walking along a space's outline, there is a wall or a neighbour it flows into."""
    open_pairs = [{d.space_a, d.space_b} for d in layout.doors if d.kind == "open"]
    found = edges(layout, storey)
    for spec in layout.on(storey):
        if spec.external:
            continue
        mine = [e for e in found if spec.key in {c.key for c in (e.below, e.above) if c}]
        walled = sum(e.length for e in mine)
        gaps = 0.0
        for pair in open_pairs:
            if spec.key in pair:
                other = layout.space(next(k for k in pair if k and k != spec.key))
                gaps += Polygon(spec.gross).boundary.intersection(Polygon(other.gross).boundary).length
        assert walled + gaps == pytest.approx(Polygon(spec.gross).length, abs=0.01), spec.key


@given(rise=st.floats(0.4, 8.0))
def test_risers_are_even_and_low_enough(rise: float) -> None:
    count = risers(rise)
    assert count % 2 == 0
    assert 0.0 < rise / count <= 0.165 + 1e-9


@given(count=st.integers(8, 20), riser=st.floats(0.14, 0.17))
def test_a_flights_profile_is_a_simple_outline_of_the_right_rise(count: int, riser: float) -> None:
    shape = Polygon(step_profile(count, riser, 0.28))
    assert shape.is_valid
    assert shape.bounds == pytest.approx((0.0, 0.0, (count - 1) * 0.28, (count - 1) * riser))


def _volume(mesh: Mesh) -> float:
    points = np.array(mesh.vertices)
    total = 0.0
    for face in mesh.faces:
        for i in range(1, len(face) - 1):
            a, b, c = points[face[0]], points[face[i]], points[face[i + 1]]
            total += float(np.dot(a, np.cross(b, c))) / 6
    return total


def _is_closed(mesh: Mesh) -> bool:
    seen = Counter((a, b) for f in mesh.faces for a, b in zip(f, (*f[1:], f[0]), strict=True))
    return all(n == 1 and seen[b, a] == 1 for (a, b), n in seen.items())


coordinate = st.floats(-20, 20)


@given(
    a=st.tuples(coordinate, coordinate, coordinate),
    step=st.tuples(st.floats(0.5, 9), st.floats(-9, 9), st.floats(-9, 9)),
    size=st.floats(0.02, 0.5),
)
def test_a_bar_is_a_closed_body_of_its_volume(
    a: tuple[float, float, float], step: tuple[float, float, float], size: float
) -> None:
    mesh = bar(a, (a[0] + step[0], a[1] + step[1], a[2] + step[2]), size)
    assert _is_closed(mesh)
    assert _volume(mesh) == pytest.approx(float(np.linalg.norm(step)) * size * size, rel=1e-6, abs=1e-6)


def test_sheet_and_ribbon_are_closed_and_face_outwards() -> None:
    flat = sheet(lambda x, y: 0.1 * x + 0.05 * y * y, [0, 1, 2, 3], [0, 1, 2], 0.25)
    assert _is_closed(flat)
    assert _volume(flat) == pytest.approx(3 * 2 * 0.25)
    tube = ribbon([[(x, 0.0, 0.0), (x, 1.0, 0.0), (x, 1.0, 1.0), (x, 0.0, 1.0)] for x in (0.0, 1.0, 4.0)])
    assert _is_closed(tube)
    assert _volume(tube) == pytest.approx(4.0)


@given(x=st.floats(0, 33.6), y=st.floats(0, 50.4))
def test_the_big_roof_clears_the_badminton_hall(x: float, y: float) -> None:
    hall = build_layout().space("L3.badminton")
    assert sports_height(x, y) - 0.32 - 0.15 > hall.floor_z + hall.height - 0.75


def test_the_ridge_sweeps_up_to_both_ends() -> None:
    ridge = [sports_height(x, 25.2) for x in (-3.4, 28.1, 59.6)]
    assert ridge[0] > ridge[1] + 2
    assert ridge[2] > ridge[1] + 2


def test_furniture_stays_in_its_room_and_off_the_doors(layout: Layout) -> None:
    for spec in layout.spaces:
        site = site_of(layout, spec, [])
        doors = [d for d in layout.doors if spec.key in (d.space_a, d.space_b) and d.kind != "open"]
        for spot in arrange(site):
            assert site.outline.buffer(0.06).contains(Point(spot.x, spot.y)), (spec.key, spot)
            assert all(Point(d.x, d.y).distance(Point(spot.x, spot.y)) > 0.8 for d in doors), (spec.key, spot)


@given(wide=st.floats(0.5, 50), deep=st.floats(0.5, 50))
def test_polygon_measures(wide: float, deep: float) -> None:
    ring = ((0.0, 0.0), (wide, 0.0), (wide, deep), (0.0, deep))
    assert polygon_measures(ring) == pytest.approx((wide * deep, 2 * (wide + deep)))


# -- the writer ----------------------------------------------------------------------------------------


def test_the_writer_refuses_a_key_twice_and_unknown_names() -> None:
    writer = IfcWriter()
    writer.element("IfcFurniture", "a", "a", Frame(0, 0, 0), "L1.lobby")
    with pytest.raises(WriterError, match="element/a"):
        writer.element("IfcFurniture", "a", "a", Frame(0, 0, 0), "L1.lobby")
    with pytest.raises(WriterError, match="L7"):
        writer.element("IfcFurniture", "b", "b", Frame(0, 0, 0), "L7.lobby")
    with pytest.raises(WriterError, match="mauve"):
        writer.element(
            "IfcFurniture", "c", "c", Frame(0, 0, 0), "L1", parts=[box_part(0, 0, 0, 1, 1, 1, "mauve")]
        )


def test_the_writer_places_in_model_coordinates_and_shares_types_and_sets() -> None:
    writer = IfcWriter()
    kind = writer.type("IfcFurnitureType", "t", "桌", [box_part(0, 0, 0, 1, 1, 1, "wood")], name_en="Table")
    made = [
        writer.element(
            "IfcFurniture", f"t{i}", "桌", Frame(i, 2, 5.4), "L2.library", type=kind, psets={"P": {"a": 1}}
        )
        for i in range(3)
    ]
    writer.finish()
    from ifcopenshell.util.placement import get_local_placement  # noqa: PLC0415

    assert get_local_placement(made[2].ObjectPlacement)[:3, 3] == pytest.approx((2, 2, 5.4))
    assert {elements.get_type(m) for m in made} == {kind.entity}
    assert len({m.IsDefinedBy[0].id() for m in made}) == 1
    assert elements.get_container(made[0]) == writer.containers["L2.library"]
    assert made[0].GlobalId == guid_of("element/t0")


def class_of(entity: ifcopenshell.entity_instance) -> str:
    return str(entity.is_a())  # type: ignore[no-untyped-call]


# -- the model -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_building_gives_the_same_bytes(model_path: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.ifc"
    generate(again)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(model_path.read_bytes()).digest()
    assert not list(tmp_path.glob("*.part"))


def test_the_model_is_valid_ifc4(model: ifcopenshell.file) -> None:
    log = ifcopenshell.validate.json_logger()  # type: ignore[no-untyped-call]
    ifcopenshell.validate.validate(model, log)
    assert [s["message"] for s in log.statements][:5] == []


def test_the_model_has_the_programme(model: ifcopenshell.file, layout: Layout) -> None:
    assert len(model.by_type("IfcSpace")) == len(layout.spaces)
    assert [s.Name for s in model.by_type("IfcBuildingStorey")] == [s.name_zh for s in layout.storeys]
    number = {s.Name: s for s in model.by_type("IfcSpace")}
    for spec in layout.spaces:
        space = number[spec.number]
        assert (space.LongName, space.ObjectType) == (spec.name_zh, spec.function)
        assert elements.get_psets(space)["Venue_Common"]["NameEn"] == spec.name_en


def test_the_model_is_rich_enough(model: ifcopenshell.file) -> None:
    counts = Counter(class_of(e) for e in model.by_type("IfcElement") if not is_a(e, "IfcOpeningElement"))
    assert sum(counts.values()) >= 6500
    for cls, least in {"IfcWall": 500, "IfcDoor": 250, "IfcWindow": 100, "IfcPlate": 1500, "IfcMember": 1000,
                       "IfcColumn": 150, "IfcBeam": 80, "IfcSlab": 30, "IfcStair": 19, "IfcStairFlight": 38,
                       "IfcTransportElement": 5, "IfcFurniture": 2500, "IfcCurtainWall": 60,
                       "IfcGeographicElement": 150}.items():  # fmt: skip
        assert counts[cls] >= least, cls


def test_every_door_of_a_solid_wall_fills_an_opening_in_it(model: ifcopenshell.file, layout: Layout) -> None:
    by_tag = {d.Tag: d for d in model.by_type("IfcDoor")}
    leaves = [d for d in layout.doors if d.kind not in ("open", "opening")]
    assert {d.number for d in leaves} <= set(by_tag)
    filled = [d for d in by_tag.values() if d.FillsVoids]
    assert len(filled) > 200
    for door in filled:
        host = door.FillsVoids[0].RelatingOpeningElement.VoidsElements[0].RelatingBuildingElement
        assert is_a(host, "IfcWall")
    for opening in model.by_type("IfcOpeningElement"):
        assert opening.VoidsElements


def test_repeated_things_are_mapped_and_typed(model: ifcopenshell.file) -> None:
    for cls in ("IfcDoor", "IfcWindow", "IfcPlate", "IfcSanitaryTerminal"):
        for element in model.by_type(cls):
            if cls != "IfcPlate" and element.Name.startswith(("南高窗", "北高窗")):
                continue
            if cls == "IfcPlate" and "山花" in element.Name:
                continue
            assert elements.get_type(element) is not None, element
            kinds = {r.RepresentationType for r in element.Representation.Representations}
            assert kinds == {"MappedRepresentation"}, element


def test_the_model_says_where_it_stands(model: ifcopenshell.file) -> None:
    (conversion,) = model.by_type("IfcMapConversion")
    assert "CGCS2000" in conversion.TargetCRS.Description
    (site,) = model.by_type("IfcSite")
    degrees = [d[0] + d[1] / 60 + d[2] / 3600 for d in (site.RefLatitude, site.RefLongitude)]
    assert degrees == pytest.approx([24.49, 118.11], abs=1e-6)


def test_an_unwritable_place_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("x")
    assert main(["-o", str(blocker / "palace.ifc")]) == 2
    message = capsys.readouterr().err.strip()
    assert "\n" not in message
    assert "cannot write" in message
    assert blocker.read_text() == "x"
