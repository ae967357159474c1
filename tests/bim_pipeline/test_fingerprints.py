"""Hashes of STEP text: what they see and what they do not; and the codecs of what a build keeps."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bim_pipeline.cache import pack_arrays, unpack_arrays
from bim_pipeline.fingerprints import Fingerprints, fingerprints
from bim_pipeline.remembering import Memory, memory_key
from bim_pipeline.step_graph import NOTHING, step_graph

MODEL = """ISO-10303-21;
HEADER;
FILE_SCHEMA(('IFC4'));
ENDSEC;
DATA;
#1=IFCOWNERHISTORY($,$,$,$,$,$,$,{date});
#2=IFCCARTESIANPOINT(({x},0.,0.));
#3=IFCAXIS2PLACEMENT3D(#2,$,$);
#4=IFCLOCALPLACEMENT($,#3);
#5=IFCCARTESIANPOINT((0.,0.));
#6=IFCPOLYLINE((#5,#5));
#7=IFCSHAPEREPRESENTATION($,'Body','SweptSolid',(#6));
#8=IFCPRODUCTDEFINITIONSHAPE($,$,(#7));
#9=IFCWALL('0DWgwt6o1FOx7466fPk$jl',#1,'{name}',$,$,#4,#8,$,$);
#10=IFCDOOR('1DWgwt6o1FOx7466fPk$jl',#1,'it''s #9; a door',$,$,#4,$,$,$,$,$,$);
#11=IFCCOLOURRGB($,{red},0.,0.);
#12=IFCSURFACESTYLESHADING(#11,0.);
#13=IFCSURFACESTYLE('s',.BOTH.,(#12));
#14=IFCSTYLEDITEM(#6,(#13),$);
#15=IFCPROPERTYSINGLEVALUE('Height',$,IFCLENGTHMEASURE({height}),$);
#16=IFCPROPERTYSET('2DWgwt6o1FOx7466fPk$jl',#1,'P',$,(#15));
#17=IFCRELDEFINESBYPROPERTIES('3DWgwt6o1FOx7466fPk$jl',#1,$,$,(#9),#16);
ENDSEC;
END-ISO-10303-21;
"""
PLAIN: dict[str, Any] = {"date": 1, "x": "1.", "name": "wall", "red": "1.", "height": "3."}


def prints(text: str) -> Fingerprints:
    found = fingerprints(text.encode(), "IFC4")
    assert found is not None
    return found


def of(**changed: str) -> Fingerprints:
    return prints(MODEL.format(**{**PLAIN, **changed}))


def row(found: Fingerprints, step_id: int) -> tuple[int, int]:
    (at,) = found.rows(np.array([step_id]))
    return int(found.bodies[at]), int(found.placements[at])


WALL, DOOR = 9, 10


def test_what_changes_shows_where_it_acts_and_nowhere_else() -> None:
    plain = of()
    moved, painted, renamed, higher = of(x="1.25"), of(red="0."), of(name="other"), of(height="3.5")
    assert row(moved, WALL)[0] != row(plain, WALL)[0]
    assert row(moved, DOOR)[1] != row(plain, DOOR)[1]
    assert row(painted, WALL)[0] != row(plain, WALL)[0]
    assert row(painted, DOOR) == row(plain, DOOR)
    assert [p.tables == plain.tables for p in (moved, painted, renamed, higher)] == [True, True, False, False]
    assert row(renamed, WALL) == row(higher, WALL) == row(plain, WALL)


def test_the_date_of_an_export_is_no_change() -> None:
    plain, later = of(), of(date="99999")
    assert plain.tables == later.tables
    assert row(plain, WALL) == row(later, WALL)


@given(st.lists(st.integers(1, 10_000_000), min_size=17, max_size=17, unique=True).map(sorted))
@settings(max_examples=40, deadline=None)
def test_other_ids_are_no_change(ids: list[int]) -> None:
    def renumbered(match: re.Match[str]) -> str:
        inside_text = match.string[: match.start()].rpartition("\n")[2].count("'") % 2
        return match[0] if inside_text else f"#{ids[int(match[1]) - 1]}"

    text = MODEL.format(**PLAIN)
    found, plain = prints(re.sub(r"#(\d+)", renumbered, text)), prints(text)
    assert found.tables == plain.tables
    assert row(found, ids[WALL - 1]) == row(plain, WALL)
    assert row(found, ids[DOOR - 1]) == row(plain, DOOR)


@given(st.text(st.characters(codec="ascii", exclude_characters="\n\r"), max_size=40), st.text(max_size=3))
@settings(max_examples=60, deadline=None)
def test_text_is_text_whatever_is_in_it(name: str, other: str) -> None:
    quoted = name.replace("'", "''").replace("/", "")
    graph = step_graph(MODEL.format(**{**PLAIN, "name": quoted}).encode())
    assert graph is not None
    assert graph.ids.tolist() == list(range(1, 18))
    assert (graph.targets != NOTHING).all()
    assert len(graph.targets) == 20
    same = prints(MODEL.format(**{**PLAIN, "name": quoted})).tables
    longer = prints(
        MODEL.format(**{**PLAIN, "name": quoted + other.replace("'", "''").replace("/", "")})
    ).tables
    assert (same == longer) == (other.replace("/", "") == "")


def test_what_goes_in_circles_is_the_same_only_in_the_same_file() -> None:
    text = MODEL.format(**PLAIN).replace("IFCLOCALPLACEMENT($,#3)", "IFCLOCALPLACEMENT(#4,#3)")
    assert row(prints(text), WALL) == row(prints(text), WALL)
    assert row(prints(text), WALL) != row(prints(text.replace("'wall'", "'other'")), WALL)


def test_what_cannot_be_hashed_is_not_guessed() -> None:
    text = MODEL.format(**PLAIN)
    for broken in (
        "",
        "ISO-10303-21;",
        text.replace("#2=", "#3=", 1),
        text.replace("$,#3);", "$,/* ; */#3);"),
    ):
        assert fingerprints(broken.encode(), "IFC4") is None


@given(
    st.lists(
        hnp.arrays(st.sampled_from(["<f8", "<i4", "<u8", "?"]), hnp.array_shapes(min_side=0)), max_size=4
    )
)
def test_arrays_come_back_as_they_were(arrays: list[Any]) -> None:
    found = unpack_arrays(pack_arrays(arrays))
    assert [a.dtype for a in found] == [a.dtype for a in arrays]
    assert all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(found, arrays, strict=True)
    )


@given(st.dictionaries(st.text(max_size=8), st.binary(max_size=30), max_size=8))
def test_a_memory_gives_what_was_used_and_forgets_the_rest(results: dict[str, bytes]) -> None:
    first = Memory()
    for name, value in results.items():
        assert first.recall(memory_key(name, [1]), lambda value=value: value) == value  # type: ignore[misc]
    second = Memory(first.pack())
    for name, value in list(results.items())[::2]:
        assert second.recall(memory_key(name, [1]), lambda: b"made again") == value
    assert second.made == 0
    kept = Memory(second.pack())
    for name in list(results)[1::2]:
        assert kept.recall(memory_key(name, [1]), lambda: b"made again") == b"made again"
