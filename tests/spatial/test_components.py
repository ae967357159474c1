import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spatial.components import connected_parts


@given(st.data(), st.integers(0, 40))
def test_parts_are_those_of_the_graph_numbered_by_first_member(data: st.DataObject, count: int) -> None:
    node = st.integers(0, max(0, count - 1))
    pairs = data.draw(st.lists(st.tuples(node, node), max_size=60 if count else 0))
    one, two = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    graph = nx.Graph(pairs)
    graph.add_nodes_from(range(count))
    expected = sorted((sorted(part) for part in nx.connected_components(graph)), key=lambda part: part[0])

    parts = connected_parts(count, one, two)

    found = [np.flatnonzero(parts == number).tolist() for number in range(len(expected))]
    assert found == expected


def test_a_long_chain_is_one_part_wherever_its_nodes_lie() -> None:
    chain = np.random.default_rng(1).permutation(10_000)
    assert not connected_parts(10_000, chain[:-1], chain[1:]).any()
