"""What each part of a model depends on, as a hash: equal hashes mean that nothing there has changed. No I/O.

An instance's hash is made of its text and of the hashes of all that it refers to (Merkle 1987), so that the
numbers an exporter gave to instances do not matter. What refers to a body from outside, such as a style, a
material or an opening, counts as a part of it. The owner history, which changes with each export, does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from ifcopenshell import ifcopenshell_wrapper
from numpy.typing import NDArray

from bim_pipeline.step_graph import NOTHING, Hashes, Indices, StepGraph, mixed, ranges, step_graph

_WHOLES = 8
_REVERSED = 1 << 20
# What no table of the catalogue is read from; placements are looked at one by one.
_NO_TABLE = frozenset(
    {
        "IFCREPRESENTATIONITEM", "IFCREPRESENTATION", "IFCREPRESENTATIONMAP", "IFCPRODUCTREPRESENTATION",
        "IFCOBJECTPLACEMENT", "IFCOWNERHISTORY", "IFCPRESENTATIONSTYLE", "IFCPRESENTATIONITEM",
        "IFCPRESENTATIONSTYLEASSIGNMENT", "IFCPRESENTATIONLAYERASSIGNMENT", "IFCSHAPEASPECT",
        "IFCCONNECTIONGEOMETRY", "IFCSURFACESTYLESHADING", "IFCSURFACESTYLERENDERING",
    }
)  # fmt: skip
_STYLES = frozenset({"IFCPRESENTATIONSTYLE", "IFCPRESENTATIONSTYLEASSIGNMENT"})
_PLACEMENTS = frozenset({"IFCOBJECTPLACEMENT"})
_SHARED = ("IFCUNITASSIGNMENT", "IFCGEOMETRICREPRESENTATIONCONTEXT")


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprints:
    """Hashes of one file. `ids` (n,) are its instances' step ids, ascending; `bodies` and `placements` (n,)
    uint64 are of each instance, as a product, its body where it stands, and its placement.

    `tables` is of all that is no shape and no placement, in the file's order; `table_ids` (k,) are the step
    ids of that, ascending: with equal `tables`, those at the same place are the same thing.
    """

    ids: Indices
    bodies: Hashes
    placements: Hashes
    tables: str
    table_ids: Indices

    def rows(self, step_ids: NDArray[np.int64]) -> Indices:
        """Give the rows of step ids; raises KeyError where one is not in the file."""
        found = np.minimum(np.searchsorted(self.ids, step_ids), len(self.ids) - 1)
        if not np.array_equal(self.ids[found], step_ids):
            raise KeyError("a step id that the file does not hold")
        return found


def fingerprints(content: bytes, schema: str) -> Fingerprints | None:
    """Take the hashes of an IFC file's text; `schema` in capitals, as its header says. None: unreadable."""
    graph = step_graph(content)
    return None if graph is None else fingerprints_of(graph, content, schema)


def fingerprints_of(graph: StepGraph, content: bytes, schema: str) -> Fingerprints:
    """Take the hashes of a file whose text was read already."""
    kinds = _Kinds(graph, schema)
    graph = _without(graph, _targets_are(graph, graph.of_class("IFCOWNERHISTORY")))
    turned = _with_outside_styles(graph, kinds)
    unknown = np.uint64(int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little"))
    merkle = _merkle(turned, unknown)
    table = ~kinds.of(_NO_TABLE)
    return Fingerprints(
        ids=graph.ids,
        bodies=_bodies(graph, merkle),
        placements=_sums(_without(graph, ~_targets_are(graph, kinds.of(_PLACEMENTS))), merkle),
        tables=_table_digest(graph, table),
        table_ids=graph.ids[table],
    )


class _Kinds:
    """What the schema says of the classes of a graph."""

    def __init__(self, graph: StepGraph, schema: str) -> None:
        self._graph = graph
        self._ancestors = [set(_ancestors(schema, name)) for name in graph.class_names]

    def of(self, names: frozenset[str]) -> NDArray[np.bool_]:
        """Say which instances (n,) are of one of these classes or of one that inherits from them."""
        wanted = np.array([bool(ancestors & names) for ancestors in self._ancestors], dtype=bool)
        return np.asarray(wanted[self._graph.classes])


def _ancestors(schema: str, name: str) -> Iterator[str]:
    yield name
    try:
        declared = ifcopenshell_wrapper.schema_by_name(schema).declaration_by_name(name).as_entity()
    except RuntimeError:
        return
    while declared is not None:
        yield declared.name().upper()
        declared = declared.supertype()


def _targets_are(graph: StepGraph, instances: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say which references (r,) mean one of the instances."""
    return np.asarray((graph.targets != NOTHING) & instances[graph.targets])


def _without(graph: StepGraph, references: NDArray[np.bool_]) -> StepGraph:
    """Leave references out."""
    kept = np.zeros(len(graph.targets) + 1, dtype=np.int64)
    np.cumsum(~references, out=kept[1:])
    return replace(graph, starts=kept[graph.starts], targets=graph.targets[~references])


def _with_outside_styles(graph: StepGraph, kinds: _Kinds) -> StepGraph:
    """Turn the references of styles to what they style around: an item then depends on its style."""
    owners, positions = graph.owners, graph.positions()
    styled = graph.of_class("IFCSTYLEDITEM", "IFCANNOTATIONSURFACE")[owners] & (positions == 0)
    styled &= ~_targets_are(graph, kinds.of(_STYLES))
    material = graph.of_class("IFCMATERIALDEFINITIONREPRESENTATION")[owners]
    material &= _targets_are(graph, graph.of_class("IFCMATERIAL"))
    turned = (styled | material) & (graph.targets != NOTHING)
    plain = _without(graph, styled | material)
    new_owners = np.concatenate([plain.owners, graph.targets[turned]])
    new_targets = np.concatenate([plain.targets, owners[turned]])
    order = np.argsort(new_owners, kind="stable")
    starts = np.zeros(len(graph.ids) + 1, dtype=np.int64)
    np.cumsum(np.bincount(new_owners, minlength=len(graph.ids)), out=starts[1:])
    return replace(graph, starts=starts, targets=new_targets[order])


def _merkle(graph: StepGraph, unknown: np.uint64) -> Hashes:
    """Hash every instance with all that it refers to; what goes in circles gets `unknown`."""
    count = len(graph.ids)
    values = np.full(count, unknown, dtype=np.uint64)
    known = graph.targets != NOTHING
    waiting = np.bincount(graph.owners[known], minlength=count)
    targets = graph.targets[known]
    users = graph.owners[known][np.argsort(targets, kind="stable")]
    starts = np.concatenate([[0], np.cumsum(np.bincount(targets, minlength=count))])
    ready = np.flatnonzero(waiting == 0)
    while len(ready):
        values[ready] = _values_of(graph, values, ready)
        waking = users[ranges(starts[ready], starts[ready + 1])]
        np.subtract.at(waiting, waking, 1)
        fresh = np.zeros(count, dtype=bool)
        fresh[waking] = True
        ready = np.flatnonzero(fresh & (waiting == 0))
    return values


def _values_of(graph: StepGraph, values: Hashes, rows: Indices) -> Hashes:
    """Hash rows whose references are all hashed: their text and, in order, what they mean."""
    begin, end = graph.starts[rows], graph.starts[rows + 1]
    lengths = end - begin
    references = ranges(begin, end)
    places = np.arange(len(references)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    terms = _terms(values, graph.targets[references], places)
    sums = np.zeros(len(rows), dtype=np.uint64)
    some = lengths > 0
    with np.errstate(over="ignore"):
        if len(references):
            sums[some] = np.add.reduceat(terms, (np.cumsum(lengths) - lengths)[some])
        return mixed(graph.texts[rows] + sums)


def _terms(values: Hashes, targets: Indices, places: Indices) -> Hashes:
    with np.errstate(over="ignore"):
        found = np.where(targets == NOTHING, np.uint64(1), values[targets])
        return mixed(found + mixed(places.astype(np.uint64)))


def _sums(graph: StepGraph, values: Hashes) -> Hashes:
    """Sum, over what each instance (n,) refers to, in order; 0 where it refers to nothing."""
    terms = _terms(values, graph.targets, graph.positions())
    running = np.zeros(len(terms) + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        np.cumsum(terms, out=running[1:])
        return np.asarray(running[graph.starts[1:]] - running[graph.starts[:-1]])


def _bodies(graph: StepGraph, merkle: Hashes) -> Hashes:
    """Hash what the body of each instance (n,) depends on, if it is a product with one."""
    own = _sums(graph, merkle)
    materials = np.zeros_like(own)
    _add(materials, *_pairs(graph, "IFCRELASSOCIATESMATERIAL", relating=-1), merkle, 1)
    attached = materials.copy()
    _add(attached, *_pairs(graph, "IFCRELDEFINESBYTYPE", relating=-1), materials, 2)
    openings, elements = _pairs(graph, "IFCRELVOIDSELEMENT", relating=0)
    _add(attached, elements, openings, own, 3)
    total, above = attached.copy(), _wholes(graph)
    step = np.arange(len(own))
    with np.errstate(over="ignore"):
        for level in range(_WHOLES):
            step = np.where(step == NOTHING, NOTHING, above[step])
            total += mixed(np.where(step == NOTHING, np.uint64(0), attached[step]) + np.uint64(level + 4))
        names = np.array([_word(name) for name in graph.class_names], dtype=np.uint64)
        return mixed(own + mixed(total) + names[graph.classes] + _shared(graph, merkle))


def _pairs(graph: StepGraph, name: str, *, relating: int) -> tuple[Indices, Indices]:
    """Give (related, relating) instances of a class of relations, whose first or last is the relating one."""
    rows = np.flatnonzero(graph.of_class(name) & (np.diff(graph.starts) > 1))
    begin, end = graph.starts[rows], graph.starts[rows + 1]
    one = graph.targets[begin if relating == 0 else end - 1]
    low, high = (begin + 1, end) if relating == 0 else (begin, end - 1)
    related, relatings = graph.targets[ranges(low, high)], np.repeat(one, high - low)
    sound = (related != NOTHING) & (relatings != NOTHING)
    return related[sound], relatings[sound]


def _add(sums: Hashes, to: Indices, of: Indices, values: Hashes, salt: int) -> None:
    """Add to the sums of some instances the values of others."""
    with np.errstate(over="ignore"):
        np.add.at(sums, to, mixed(values[of] + np.uint64(salt)))


def _wholes(graph: StepGraph) -> Indices:
    above = np.full(len(graph.ids), NOTHING, dtype=np.int64)
    parts, wholes = _pairs(graph, "IFCRELAGGREGATES", relating=0)
    above[parts] = wholes
    return above


def _shared(graph: StepGraph, merkle: Hashes) -> np.uint64:
    """Hash what every body depends on: units, and the precision that contexts state."""
    parts = np.sort(merkle[graph.of_class(*_SHARED)])
    return np.uint64(int.from_bytes(hashlib.blake2b(parts.tobytes(), digest_size=8).digest(), "little"))


def _word(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _table_digest(graph: StepGraph, table: NDArray[np.bool_]) -> str:
    """Hash all instances of the tables, in order; among each other they are known by their place."""
    place = np.where(table, np.cumsum(table), 0).astype(np.uint64)
    sums = _sums(graph, place)
    with np.errstate(over="ignore"):
        values = mixed(graph.texts + sums)[table]
    return hashlib.blake2b(values.tobytes(), digest_size=16).hexdigest()
