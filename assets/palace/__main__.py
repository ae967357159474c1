"""`python -m assets.palace [-o var/palace.ifc]`: writes the demo venue's IFC model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from assets.palace import generate
from assets.palace.errors import PalaceError


def main(arguments: list[str] | None = None) -> int:
    """Run the generator; 0, or 2 with one line that says what is wrong and what to do."""
    parser = argparse.ArgumentParser(
        prog="python -m assets.palace", description="Write the demo venue's IFC model."
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("var/palace.ifc"), help="file to write")
    options = parser.parse_args(arguments)
    try:
        generate(options.output, _show)
    except (PalaceError, OSError) as error:
        print(
            f"\ncannot write {options.output}: {error}; check the folder and its permissions", file=sys.stderr
        )
        return 2
    print(f"\nwrote {options.output} ({options.output.stat().st_size / 1e6:.1f} MB)")
    return 0


def _show(done: float, what: str) -> None:
    print(f"\r{done:4.0%} {what:<40}", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
