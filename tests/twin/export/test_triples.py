"""The Turtle files: read back by rdflib, asked in SPARQL, compared with the package."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Graph, Literal, Namespace, URIRef, namespace
from rdflib.namespace import RDF, RDFS

from spatial.package import ModelPackage
from telemetry_bridge.points import Registry
from twin.cli import run
from twin.export.brick import _EQUIPMENT, _SYSTEM_OF_TYPE, equipment_class, system_class
from twin.export.triples import BOT, BRICK, TWIN, checked_base, everything, topology, turtle
from twin.runtime import open_registry
from twin.venue import load_venue

ROOT = Path(__file__).parents[3]
VENUE = ROOT / "assets" / "palace" / "venue"
BASE = "https://example.org/venue/"

PREFIXES = """
PREFIX bot: <https://w3id.org/bot#>
PREFIX brick: <https://brickschema.org/schema/Brick#>
PREFIX twin: <urn:venue-twin:schema#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""


def export(package: Path, kind: str, target: Path, *options: str) -> Graph:
    command = ["export", str(package), "--format", kind, "-o", str(target), "--base", BASE, *options]
    assert run(command) == 0
    graph = Graph()
    graph.parse(target, format="turtle")
    return graph


def ask(graph: Graph, query: str) -> list[Any]:
    return list(graph.query(PREFIXES + query))


def texts(graph: Graph, query: str) -> set[str]:
    return {str(row[0]) for row in ask(graph, query)}


@pytest.fixture(scope="module")
def package(palace_package: Path) -> ModelPackage:
    return ModelPackage.open(palace_package)


@pytest.fixture(scope="module")
def registry(package: ModelPackage) -> Registry:
    return open_registry(load_venue(VENUE), package)


@pytest.fixture(scope="module")
def graph(package: ModelPackage, registry: Registry) -> Graph:
    return everything(package, registry, BASE)


def test_the_command_writes_what_the_graph_holds(palace_package: Path, graph: Graph, tmp_path: Path) -> None:
    target = tmp_path / "palace.ttl"
    options = ["--format", "brick", "-o", str(target), "--base", BASE, "--venue", str(VENUE)]
    assert run(["export", str(palace_package), *options]) == 0
    head, *blocks = target.read_text(encoding="utf-8").split("\n\n")
    some = Graph().parse(data="\n\n".join([head, *blocks[::40]]), format="turtle")
    assert len(some) > 1000
    assert all(triple in graph for triple in some)


def test_which_spaces_are_on_a_storey(graph: Graph, package: ModelPackage) -> None:
    for storey in package.storeys:
        found = texts(
            graph,
            f"""SELECT ?guid WHERE {{ ?storey a bot:Storey ; twin:guid "{storey.guid}" ; bot:hasSpace ?space .
            ?space a bot:Space ; twin:guid ?guid }}""",
        )
        assert found == {s.guid for s in package.spaces if s.storey_index == storey.element_index}


def test_the_site_holds_the_building_and_that_the_storeys(graph: Graph, package: ModelPackage) -> None:
    query = "SELECT ?name WHERE { ?site a bot:Site ; bot:hasBuilding/bot:hasStorey/rdfs:label ?name }"
    assert {storey.name for storey in package.storeys} <= texts(graph, query)


def test_every_element_is_there_once_with_its_class(graph: Graph, package: ModelPackage) -> None:
    told = {
        str(guid): str(name)
        for guid, name in ask(graph, "SELECT ?g ?c { ?e twin:guid ?g ; twin:ifcClass ?c }")
    }
    left_out = {"IfcProject", "IfcOpeningElement", "IfcGrid", "IfcAnnotation"}
    for element in package.iterate():
        if element.ifc_class not in left_out:
            assert told[element.guid] == element.ifc_class


def test_what_stands_in_a_room(graph: Graph, package: ModelPackage) -> None:
    hall = next(space for space in package.spaces if space.function == "badminton_hall")
    query = f'SELECT ?g {{ ?s a bot:Space ; twin:guid "{hall.guid}" ; bot:containsElement/twin:guid ?g }}'
    assert texts(graph, query) == {
        element.guid for element in package.iterate() if element.space_index == hall.element_index
    }


def test_rooms_adjoin_by_their_portals(graph: Graph, package: ModelPackage) -> None:
    known = package.space_by_index
    pairs = {
        (known[a].guid, known[b].guid)
        for p in package.portals
        if p.space_a is not None and p.space_b is not None and p.space_a != p.space_b
        for a, b in ((p.space_a, p.space_b), (p.space_b, p.space_a))
    }
    query = "SELECT ?a ?b { ?x twin:guid ?a ; bot:adjacentZone ?y . ?y twin:guid ?b }"
    assert {(str(a), str(b)) for a, b in ask(graph, query)} == pairs
    assert len(ask(graph, "SELECT ?i { ?i a bot:Interface }")) == len(package.portals)


def test_points_hang_on_their_devices(graph: Graph, registry: Registry, package: ModelPackage) -> None:
    # What a place carries are its own points, which Brick places there instead.
    places = {
        e.guid for e in package.iterate() if e.ifc_class in ("IfcSpace", "IfcBuildingStorey", "IfcBuilding")
    }
    at_place = {p.key for p in registry.points if (registry.devices[p.device].guid or "") in places}
    hung = texts(graph, "SELECT ?name { ?device brick:hasPoint/rdfs:label ?name }")
    placed = texts(graph, "SELECT ?name { ?p rdfs:label ?name ; brick:hasLocation/twin:guid ?g }")
    assert hung == {point.key for point in registry.points} - at_place
    assert at_place <= placed
    temperatures = texts(graph, "SELECT ?n { ?p a brick:Zone_Air_Temperature_Sensor ; rdfs:label ?n }")
    assert temperatures == {p.key for p in registry.points if p.point_class == "Zone_Air_Temperature_Sensor"}


def test_classes_of_the_graph_are_brick_s(graph: Graph, registry: Registry) -> None:
    told = {str(kind) for kind in graph.objects(None, RDF.type) if str(kind).startswith(BRICK)}
    venue_s = {t.brick_class for t in registry.types.values()} | {p.point_class for p in registry.points}
    own = {kind.removeprefix(BRICK) for kind in told} - venue_s
    assert own
    assert not [name for name in own if name not in namespace.BRICK]
    assert not any("Venue_" in kind for kind in told)


def test_the_tables_name_classes_that_brick_has() -> None:
    named = {name for types in _EQUIPMENT.values() for name in types.values()} | set(_SYSTEM_OF_TYPE.values())
    # Added to Brick after the list that rdflib carries.
    newer = {"Audio_Visual_Equipment"}
    assert sorted(name for name in named - newer if name not in namespace.BRICK) == []


@pytest.mark.parametrize(
    ("ifc_class", "predefined", "expected"),
    [
        ("IfcBoiler", "WATER", "Boiler"),
        ("IfcSpaceHeater", "RADIATOR", "Radiator"),
        ("IfcSpaceHeater", None, "Space_Heater"),
        ("IfcPipeSegment", "RIGIDSEGMENT", "Equipment"),
        ("IfcFlowTerminal", None, "Equipment"),
        ("IfcWall", None, None),
    ],
)
def test_equipment_is_told_from_what_is_none(
    ifc_class: str, predefined: str | None, expected: str | None
) -> None:
    assert equipment_class(ifc_class, predefined) == expected


def test_systems_and_zones_have_classes() -> None:
    assert system_class("IfcDistributionSystem", "HEATING") == "Hot_Water_System"
    assert system_class("IfcZone", None) == "Zone"
    assert system_class("IfcSystem", None) == "System"


def test_a_boiler_feeds_the_heaters_of_a_real_model(
    real_package: Callable[[str], Path], tmp_path: Path
) -> None:
    heating = real_package("hvac_heating")
    graph = export(heating, "brick", tmp_path / "heating.ttl")
    fed = texts(
        graph,
        "SELECT DISTINCT ?g { ?b a brick:Boiler ; brick:feeds+ ?h . ?h a brick:Space_Heater ; twin:guid ?g }",
    )
    assert len(fed) == 7
    with ModelPackage.open(heating) as package:
        for guid in sorted(fed):
            query = f'SELECT ?g {{ ?t twin:guid "{guid}" . ?s brick:feeds+ ?t ; twin:guid ?g }}'
            upstream = {found.guid for found in package.upstream(guid)}
            assert len(upstream) > 20
            assert texts(graph, query) - {guid} == upstream
    systems = texts(graph, "SELECT ?s { ?s a brick:Hot_Water_System . ?e a brick:Pump ; brick:isPartOf ?s }")
    assert systems
    assert not ask(graph, "SELECT ?e { ?e a bot:Element }")


def test_a_real_model_s_rooms_hang_together_as_in_the_package(
    real_package: Callable[[str], Path], tmp_path: Path
) -> None:
    graph = export(real_package("Duplex_baseline"), "bot", tmp_path / "duplex.ttl")
    assert len(ask(graph, "SELECT ?s { ?s a bot:Space }")) == 21
    reached = texts(
        graph, "SELECT DISTINCT ?n { ?a rdfs:label 'A102' . ?a bot:adjacentZone* ?b . ?b rdfs:label ?n }"
    )
    assert {"A101", "A201", "A205"} <= reached
    assert not {name for name in reached if name.startswith("B1")}
    assert not ask(graph, "SELECT ?e { ?e a brick:Equipment }")


@pytest.mark.slow
def test_the_same_package_gives_the_same_bytes(package: ModelPackage) -> None:
    first = turtle(topology(package))
    assert turtle(topology(package)) == first
    assert b"@prefix bot: <https://w3id.org/bot#> ." in first


@given(
    st.lists(
        st.tuples(
            st.sampled_from([BRICK.Pump, URIRef("urn:x:a/b$c"), BOT["has Space".replace(" ", "-")], TWIN.x]),
            st.sampled_from([RDFS.label, BRICK.feeds, URIRef("urn:p")]),
            st.one_of(
                st.text().map(Literal),
                st.text(max_size=5).map(lambda text: Literal(text, lang="zh-CN")),
                st.floats(allow_nan=False, allow_infinity=False).map(Literal),
                st.integers().map(Literal),
                st.booleans().map(Literal),
                st.sampled_from([URIRef("urn:x:a/b$c"), Namespace("urn:y:")["1"], BRICK["1st"]]),
            ),
        ),
        max_size=12,
    )
)
def test_turtle_reads_back_as_the_same_triples(triples: list[tuple[URIRef, URIRef, Any]]) -> None:
    graph = Graph()
    for triple in triples:
        graph.add(triple)
    again = Graph().parse(data=turtle(graph), format="turtle")
    assert set(again) == set(graph)


@pytest.mark.parametrize("base", ["", "venue", "https://exa mple.org/", "urn:", "http://a/<b>"])
def test_a_base_that_is_no_iri_is_refused(base: str) -> None:
    with pytest.raises(Exception, match="IRI"):
        checked_base(base)


DOCS = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")


def test_the_queries_of_the_documentation_are_sparql(graph: Graph) -> None:
    queries = re.findall(r"```sparql\n(.*?)```", DOCS, re.DOTALL)
    assert len(queries) == 2
    for query in queries:
        assert list(graph.query(query)) == []


def test_the_documentation_names_our_own_words(graph: Graph) -> None:
    used = {str(p).removeprefix(TWIN) for p in graph.predicates() if str(p).startswith(TWIN)}
    assert {"guid", "areaM2", "portalKind", "pointClass"} <= used
    assert not [word for word in used if f"`{word}`" not in DOCS]
