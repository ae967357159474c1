"""All devices of the demo venue: their files in `venue/`, and their elements in the model.

`python -m assets.palace.devices --write-csv` writes the venue's files that follow from the placing rules:
`devices.csv` and `cameras.yaml`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from assets.palace.devices_list import all_devices, cameras_text, csv_text
from assets.palace.devices_write import write_devices, write_systems
from assets.palace.ifc_writer import IfcWriter
from assets.palace.mep import place_mep

VENUE = Path(__file__).parent / "venue"


def place_all(writer: IfcWriter) -> None:
    """Write all devices, and the ducts, pipes and trays that serve them, into the model."""
    systems = write_systems(writer)
    write_devices(writer, all_devices(), systems)
    place_mep(writer, systems)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the venue's derived files, or say how many devices there are."""
    parser = argparse.ArgumentParser(prog="python -m assets.palace.devices", description=main.__doc__)
    parser.add_argument("--write-csv", action="store_true", help="write devices.csv and cameras.yaml")
    options = parser.parse_args(arguments)
    specs = all_devices()
    if options.write_csv:
        (VENUE / "devices.csv").write_text(csv_text(specs), encoding="utf-8")
        (VENUE / "cameras.yaml").write_text(cameras_text(specs), encoding="utf-8")
    print(f"{len(specs)} devices of {len({spec.type for spec in specs})} types")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
