"""Damaged models: each ends in a clean error or in a whole package, never in anything else."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from bim_pipeline.build import build_package
from bim_pipeline.errors import SourceError
from tests.bim_pipeline.glb_reader import Glb
from tests.bim_pipeline.models import House
from tests.bim_pipeline.test_build import contents, rows

ROOT = Path(__file__).parents[2]
FILES = ROOT.parent / "shared" / "ifc"
REAL = ("Duplex_E", "BW_LargeBuilding", "AC20-FZK-Haus_SB55")
needs_files = pytest.mark.skipif(not FILES.exists(), reason="the shared IFC files are not here")

Damage = Callable[[list[bytes], random.Random], list[bytes]]
_NUMBER = re.compile(rb"-?\d+\.\d*(?:E[+-]?\d+)?")


def each(
    change: Callable[[bytes, random.Random], bytes], lines: list[bytes], chance: random.Random
) -> list[bytes]:
    """Change 1, 4 or 16 lines of the data."""
    first = next(i for i, line in enumerate(lines) if line.strip() == b"DATA;") + 1
    for _ in range(chance.choice([1, 4, 16])):
        place = chance.randrange(first, len(lines) - 3)
        lines[place] = change(lines[place], chance)
    return lines


def dropped(lines: list[bytes], chance: random.Random) -> list[bytes]:
    return each(lambda line, chance: b"", lines, chance)


def flipped(lines: list[bytes], chance: random.Random) -> list[bytes]:
    def flip(line: bytes, chance: random.Random) -> bytes:
        content = bytearray(line)
        if content:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(7)
        return bytes(content)

    return each(flip, lines, chance)


def misdirected(lines: list[bytes], chance: random.Random) -> list[bytes]:
    def misdirect(line: bytes, chance: random.Random) -> bytes:
        references = re.findall(rb"#\d+", line)
        return line.replace(references[-1], chance.choice(references)) if references else line

    return each(misdirect, lines, chance)


def absurd(lines: list[bytes], chance: random.Random) -> list[bytes]:
    def enlarge(line: bytes, chance: random.Random) -> bytes:
        return re.sub(rb"-?\d+\.\d*", chance.choice([b"1.E300", b"-1.E9", b"0."]), line, count=1)

    return each(enlarge, lines, chance)


def truncated(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """Lose the last part, but for what closes the file: an export that was broken off, and mended by hand."""
    whole = b"\n".join(lines)
    cut = whole[: chance.randrange(len(whole) // 4, len(whole))]
    return [*cut.split(b"\n"), *chance.choice([[], [b"ENDSEC;", b"END-ISO-10303-21;", b""]])]


def cyclic(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """Let entities of one kind refer to themselves, or to each other: placements, wholes, mapped shapes."""
    kind = chance.choice(
        [b"IFCLOCALPLACEMENT", b"IFCRELAGGREGATES", b"IFCMAPPEDITEM", b"IFCSHAPEREPRESENTATION"]
    )
    places = [i for i, line in enumerate(lines) if kind in line]
    for place in chance.sample(places, min(3, len(places))):
        own = lines[place].partition(b"=")[0].strip()
        other = lines[chance.choice(places)].partition(b"=")[0].strip()
        target = chance.choice([own, other])
        head, equals, tail = lines[place].partition(b"(")
        lines[place] = head + equals + re.sub(rb"#\d+", target, tail, count=chance.choice([1, 9]))
    return lines


def far_away(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """Move some points of the file by a million kilometres, metres or feet."""
    points = [i for i, line in enumerate(lines) if b"IFCCARTESIANPOINT((" in line]
    offset = chance.choice([1e6, -1e6, 1e9])
    for place in chance.sample(points, min(chance.choice([1, 50]), len(points))):
        head, equals, tail = lines[place].partition(b"((")
        moved = _NUMBER.sub(lambda m: b"%.3f" % (float(m.group(0)) + offset), tail, count=1)
        lines[place] = head + equals + moved
    return lines


DAMAGES: list[Damage] = [dropped, flipped, misdirected, absurd, truncated, cyclic, far_away]


def check(source: Path, target: Path, damage: Damage, seed: int) -> None:
    """Damage a file and build it: a clean error that leaves nothing, or a package that is whole."""
    chance = random.Random(seed)
    source.write_bytes(b"\n".join(damage(source.read_bytes().replace(b"\r", b"").split(b"\n"), chance)))
    refused, rendered = "", 0
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            rendered = build_package(source, target, jobs=1).rendered_elements
        except SourceError as error:
            refused = str(error)
    if refused:
        assert "\n" not in refused
        assert [p.name for p in target.parent.iterdir()] == [source.name]
        return
    drawn = [r[0] for r in rows(target, "SELECT element_index FROM element WHERE shape_status = 'drawn'")]
    assert rendered == len(drawn)
    tiles = (target / "tiles").glob("*.glb")
    assert sorted(f for t in tiles for f in {d.feature for d in Glb(t.read_bytes()).drawn()}) == drawn


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("seed", range(6))
def test_damage_ends_in_a_clean_error_or_a_whole_package(tmp_path: Path, damage: Damage, seed: int) -> None:
    check(House().write(tmp_path / "x.ifc"), tmp_path / "p", damage, seed)


def copied(name: str, folder: Path) -> Path:
    (folder / "x.ifc").write_bytes((FILES / f"{name}.ifc").read_bytes())
    return folder / "x.ifc"


@needs_files
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_of_a_real_file_ends_cleanly(tmp_path: Path, damage: Damage) -> None:
    check(copied("Duplex_E", tmp_path), tmp_path / "p", damage, 1)


@needs_files
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("seed", range(2, 12))
def test_much_damage_of_real_files_ends_cleanly(tmp_path: Path, name: str, damage: Damage, seed: int) -> None:
    check(copied(name, tmp_path), tmp_path / "p", damage, seed)


_BUILD = """
import sys
from pathlib import Path
from bim_pipeline.build import build_package
print("begun", flush=True)
build_package(Path(sys.argv[1]), Path(sys.argv[2]), jobs=2, force=True)
"""


def kill_a_build(source: Path, target: Path, after_s: float) -> None:
    """Start a build in a process and kill that at a moment, however far it is."""
    command = [sys.executable, "-c", _BUILD, str(source), str(target)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after_s)
        process.kill()


def check_killed_builds(folder: Path, moments: list[float]) -> None:
    target = folder / "p"
    build_package(House(chairs=2).write(folder / "old.ifc"), target, jobs=1)
    old = contents(target)
    newer = House(chairs=40).write(folder / "new.ifc")
    build_package(newer, folder / "expected", jobs=1)
    new = rows(folder / "expected", "SELECT guid FROM element")
    for moment in moments:
        kill_a_build(newer, target, moment)
        if rows(target, "SELECT guid FROM element") == new:
            return  # it had come to its end before
        assert contents(target) == old
    build_package(newer, target, jobs=1)
    assert rows(target, "SELECT guid FROM element") == new
    assert sorted(p.name for p in folder.iterdir()) == ["expected", "new.ifc", "old.ifc", "p"]


def test_a_killed_build_leaves_the_package_before_whole(tmp_path: Path) -> None:
    check_killed_builds(tmp_path, [0.05, 0.2])


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(20))
def test_builds_killed_at_any_moment_leave_the_package_before_whole(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    check_killed_builds(tmp_path, sorted(chance.uniform(0, 1.5) for _ in range(3)))
