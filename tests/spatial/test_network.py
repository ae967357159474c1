"""What feeds what: the network on its own, and asked through a package."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import UnknownPlaceError
from spatial.model import Connection
from spatial.network import FlowNetwork
from spatial.package import ModelPackage
from tests.spatial.conftest import guid_of

pairs = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda p: p[0] != p[1]))


def flows(edges: list[tuple[int, int]]) -> FlowNetwork:
    return FlowNetwork(Connection(n, a, b, "flow", "", None) for n, (a, b) in enumerate(edges))


@given(pairs, st.integers(0, 12))
def test_downstream_is_what_can_be_reached_and_upstream_its_mirror(
    edges: list[tuple[int, int]], start: int
) -> None:
    graph: nx.DiGraph[int] = nx.DiGraph(edges)
    graph.add_nodes_from(range(13))
    network = flows(edges)
    assert set(network.downstream(start)) == nx.descendants(graph, start)
    assert set(network.upstream(start)) == nx.ancestors(graph, start)
    for goal in network.downstream(start):
        assert start in network.upstream(goal)


@given(pairs, st.integers(0, 12), st.integers(0, 4))
def test_steps_bound_the_way_and_the_nearest_come_first(
    edges: list[tuple[int, int]], start: int, steps: int
) -> None:
    graph: nx.DiGraph[int] = nx.DiGraph(edges)
    graph.add_nodes_from(range(13))
    lengths = dict(nx.single_source_shortest_path_length(graph, start, steps))
    found = flows(edges).downstream(start, steps)
    assert [lengths[n] for n in found] == sorted(lengths[n] for n in found)
    assert set(found) == set(lengths) - {start}


def test_links_and_controls_are_no_flow(package: ModelPackage) -> None:
    assert [e.element_index for e in package.downstream(guid_of(11))] == [12, 13]
    assert [e.element_index for e in package.downstream(guid_of(11), steps=1)] == [12]
    assert [e.element_index for e in package.upstream(guid_of(13))] == [12, 11]
    assert package.downstream(guid_of(9)) == ()
    with pytest.raises(UnknownPlaceError):
        package.upstream("nobody")


def test_a_detail_tells_what_feeds_an_element_and_what_else_is_joined(package: ModelPackage) -> None:
    detail = package.detail(guid_of(12))
    assert [(n.element.element_index, n.kind, n.medium) for n in detail.fed_by] == [(11, "flow", "LIGHTING")]
    assert [n.element.element_index for n in detail.feeds] == [13]
    assert [(n.element.element_index, n.kind) for n in detail.connected] == [(9, "control")]
    other_end = package.detail(guid_of(13))
    assert [(n.element.element_index, n.kind) for n in other_end.connected] == [(8, "link")]


def test_systems_tell_their_members_and_whom_they_serve(package: ModelPackage) -> None:
    (lighting,) = package.systems
    assert lighting.name == "Lighting"
    assert [e.element_index for e in package.system_members(0)] == [11, 12]
    assert [e.element_index for e in package.places_served(0)] == [4]
