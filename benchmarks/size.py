"""Where the bytes of a package's tiles are: ``python -m benchmarks.size DIR``.

Each kind of number (positions, normals, indices, ...) of all tiles is compressed by itself with brotli, as
tiles are; the plain way of ``benchmarks.plain_glb`` (one GLB, a mesh an element, 32-bit floats, the same
triangles, spaces left out) is compressed beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import pygltflib

from benchmarks.plain_glb import write_plain_glb
from benchmarks.report import finish, print_table
from bim_pipeline.writing import BROTLI_QUALITY
from spatial.meshopt import NAME

_INSTANCING = "EXT_mesh_gpu_instancing"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure a package, print a table, and as the last line one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.size", description="Bytes of tiles by part.")
    parser.add_argument("package", type=Path, help="a model package")
    package: Path = parser.parse_args(arguments).package
    tiles = sorted((package / "tiles").glob("*.glb"))
    if not tiles:
        print(f"{package} has no tiles: build it with 'twin build MODEL.ifc -o DIR'", file=sys.stderr)
        return 2
    parts = _parts(tiles)
    served = sum(tile.with_name(tile.name + ".br").stat().st_size for tile in tiles)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.glb"
        write_plain_glb(package, plain)
        baseline = {"plain_glb": plain.stat().st_size, "plain_glb_brotli": _brotli(plain.read_bytes())}
    rows = [[name, f"{size:,}"] for name, size in [*parts.items(), ("served", served), *baseline.items()]]
    print_table(f"{package.name}: bytes of {len(tiles)} tiles", ["part", "brotli bytes"], rows)
    ratios = {name: round(size / served, 2) for name, size in baseline.items()}
    finish("size", {**parts, "served": served}, baseline, ratios, {}, {})
    return 0


def _parts(tiles: Sequence[Path]) -> dict[str, int]:
    sizes: dict[str, int] = defaultdict(int)
    for tile in tiles:
        document: Any = pygltflib.GLTF2()
        gltf = document.load(str(tile))
        for number, name in sorted(_names(gltf).items()):
            packed = gltf.bufferViews[number].extensions[NAME]
            start = packed["byteOffset"]
            sizes[name] += _brotli(gltf.binary_blob()[start : start + packed["byteLength"]])
    return dict(sorted(sizes.items()))


def _names(gltf: Any) -> dict[int, str]:
    """Name the buffer views by what meshes and instances take from them."""
    used: list[tuple[str, int]] = []
    for node in gltf.nodes:
        instancing = (node.extensions or {}).get(_INSTANCING, {"attributes": {}})
        used.extend((f"instances {name}", number) for name, number in instancing["attributes"].items())
    for primitive in (primitive for mesh in gltf.meshes for primitive in mesh.primitives):
        used.append(("indices", primitive.indices))
        used.extend(
            (name, number) for name, number in vars(primitive.attributes).items() if number is not None
        )
    return {gltf.accessors[number].bufferView: name for name, number in used}


def _brotli(content: bytes) -> int:
    return len(brotli.compress(content, quality=BROTLI_QUALITY, lgwin=22))


if __name__ == "__main__":
    raise SystemExit(main())
