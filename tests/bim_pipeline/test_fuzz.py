"""Damaged models: each ends in a clean error or in a whole package, never in anything else."""

from __future__ import annotations

import random
import re
import warnings
from pathlib import Path

import pytest

from bim_pipeline.build import build_package
from bim_pipeline.errors import SourceError
from tests.bim_pipeline.glb_reader import Glb
from tests.bim_pipeline.models import House
from tests.bim_pipeline.test_build import rows


def dropped(line: bytes, chance: random.Random) -> bytes:
    return b""


def flipped(line: bytes, chance: random.Random) -> bytes:
    content = bytearray(line)
    if content:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(7)
    return bytes(content)


def misdirected(line: bytes, chance: random.Random) -> bytes:
    references = re.findall(rb"#\d+", line)
    return line.replace(references[-1], chance.choice(references)) if references else line


def absurd(line: bytes, chance: random.Random) -> bytes:
    return re.sub(rb"-?\d+\.\d*", chance.choice([b"1.E300", b"-1.E9", b"0."]), line, count=1)


@pytest.mark.parametrize("damage", [dropped, flipped, misdirected, absurd])
@pytest.mark.parametrize("seed", range(6))
def test_damage_ends_in_a_clean_error_or_a_whole_package(tmp_path: Path, damage: object, seed: int) -> None:
    chance = random.Random(seed)
    lines = House().write(tmp_path / "x.ifc").read_bytes().split(b"\n")
    first = lines.index(b"DATA;") + 1
    for _ in range(chance.choice([1, 4, 16])):
        place = chance.randrange(first, len(lines) - 3)
        assert callable(damage)
        lines[place] = damage(lines[place], chance)
    (tmp_path / "x.ifc").write_bytes(b"\n".join(lines))
    refused, rendered = "", 0
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            rendered = build_package(tmp_path / "x.ifc", tmp_path / "p", jobs=1).rendered_elements
        except SourceError as error:
            refused = str(error)
    if refused:
        assert "\n" not in refused
        assert [p.name for p in tmp_path.iterdir()] == ["x.ifc"]
        return
    drawn = [
        r[0] for r in rows(tmp_path / "p", "SELECT element_index FROM element WHERE shape_status = 'drawn'")
    ]
    assert rendered == len(drawn)
    tiles = (tmp_path / "p" / "tiles").glob("*.glb")
    assert sorted(f for t in tiles for f in {d.feature for d in Glb(t.read_bytes()).drawn()}) == drawn
