"""Writes furniture into the rooms, the raked floors under seats, and cars into bays."""

from __future__ import annotations

import numpy as np

from assets.palace.arranging import STAND_ROWS, THEATRE_ROWS, arrange, site_of, stand_row, theatre_row
from assets.palace.devices_mesh import joined, prism
from assets.palace.furniture import CATALOGUE
from assets.palace.ifc_writer import Frame, IfcWriter, Part, TypeHandle
from assets.palace.joinery import slab
from assets.palace.structure import column_places

CARS = ("car_white", "car_black", "car_silver", "car_red", "car_blue", "car_white", "car_silver", "car_green")


class Furnisher:
    """Places catalogue pieces; types are written when first used."""

    def __init__(self, writer: IfcWriter) -> None:
        self.writer = writer
        self.types: dict[str, TypeHandle] = {}
        self.counts: dict[str, int] = {}

    def type_of(self, piece: str) -> TypeHandle:
        """The IFC type of a catalogue piece."""
        if piece not in self.types:
            entry = CATALOGUE[piece]
            facts = {"ElementType": entry.en.upper()} if entry.predefined == "USERDEFINED" else {}
            self.types[piece] = self.writer.type(
                entry.cls,
                f"furniture/{piece}",
                entry.zh,
                entry.parts(),
                predefined=entry.predefined,
                name_en=entry.en,
                attributes=facts,
            )
        return self.types[piece]

    def put(self, piece: str, at: Frame, space: str) -> None:
        """One piece in a space."""
        self.counts[piece] = number = self.counts.get(piece, 0) + 1
        kind = self.type_of(piece)
        self.writer.element(
            kind.occurrence_class,
            f"furniture/{piece}/{number}",
            f"{CATALOGUE[piece].zh} {number}",
            at,
            space,
            type=kind,
        )


def place_all(writer: IfcWriter) -> None:
    """Furnish every room and park cars."""
    furnisher = Furnisher(writer)
    for storey in writer.layout.storeys:
        columns = list(column_places(writer.layout, storey)) if storey.key != "RF" else []
        for spec in writer.layout.on(storey.key):
            for spot in arrange(site_of(writer.layout, spec, columns)):
                furnisher.put(spot.piece, Frame(spot.x, spot.y, spec.floor_z + spot.z, spot.turn), spec.key)
    _park(furnisher)
    _theatre_rake(writer)
    _stage_dressing(writer)
    _theatre_walls(writer)
    _stand(writer)
    _slats(writer)


def _park(furnisher: Furnisher) -> None:
    """Cars in about six bays of ten; electric ones at the chargers."""
    random = np.random.default_rng(11)
    for bay in furnisher.writer.layout.bays:
        taken, pick = random.uniform() < 0.58, int(random.integers(len(CARS)))
        if taken and not bay.accessible:
            piece = "car_green" if bay.charger and pick % 2 else CARS[pick]
            # Cars back in: the nose looks at the aisle.
            furnisher.put(piece, Frame(bay.x, bay.y + 0.15, bay.z, bay.turn_deg), bay.space)


def _theatre_rake(writer: IfcWriter) -> None:
    """The stepped floor under the theatre's seats."""
    treads = []
    for row in range(1, THEATRE_ROWS):
        x, z = theatre_row(row)
        left = 92.55 if row == THEATRE_ROWS - 1 else x - 0.44
        treads.append(slab(left, 14.0, 0.0, x + 0.44, 36.4, z))
    writer.element(
        "IfcSlab",
        "theatre/rake",
        "剧场阶梯看台",
        Frame(0, 0, 0),
        "L1.theatre",
        parts=[Part(joined(treads), "carpet_red")],
        predefined="FLOOR",
        name_en="Raked floor",
        material="钢筋混凝土",
    )


def _stage_dressing(writer: IfcWriter) -> None:
    """The apron, the curtain and the cyclorama."""
    boards = [
        Part(slab(107.9, 15.6, 0.0, 109.05, 34.8, 0.55), "wood_dark"),
        Part(slab(109.35, 14.0, 0.0, 117.4, 36.4, 0.012), "wood_dark"),
    ]
    writer.element(
        "IfcSlab",
        "theatre/apron",
        "台唇",
        Frame(0, 0, 0),
        "L1.theatre",
        parts=boards[:1],
        predefined="FLOOR",
        name_en="Apron stage",
    )
    folds = [
        slab(109.5 + 0.06 * (i % 2), y, 0.05, 109.62 + 0.06 * (i % 2), y + 0.3, 6.4)
        for i, y in enumerate(np.arange(14.2, 18.0, 0.3))
    ]
    folds += [
        slab(109.5 + 0.06 * (i % 2), y, 0.05, 109.62 + 0.06 * (i % 2), y + 0.3, 6.4)
        for i, y in enumerate(np.arange(32.3, 36.1, 0.3))
    ]
    writer.element(
        "IfcFurniture",
        "theatre/curtain",
        "大幕",
        Frame(0, 0, 0),
        "L1.stage",
        parts=[Part(joined(folds), "fabric_red")],
        predefined="USERDEFINED",
        object_type="CURTAIN",
        name_en="Stage curtain",
    )
    writer.element(
        "IfcFurniture",
        "theatre/screen",
        "天幕",
        Frame(0, 0, 0),
        "L1.stage",
        parts=[Part(slab(117.1, 16.5, 1.0, 117.15, 30.0, 7.0), "paper")],
        predefined="USERDEFINED",
        object_type="CYCLORAMA",
        name_en="Cyclorama",
    )


def _theatre_walls(writer: IfcWriter) -> None:
    """Timber panels along the theatre's side walls, in folds that break echoes; doors stay clear."""
    for side, (y, out) in enumerate(((14.02, 0.16), (36.38, -0.16))):
        for i in range(13):
            x = 92.7 + 1.08 * i
            fold = prism([(x, y), (x + 1.08, y), (x + 0.3, y + out)][:: 1 if out > 0 else -1], 0.9, 4.9)
            writer.element(
                "IfcCovering", f"theatre/panel/{side}/{i}", f"声学木饰面{side + 1}-{i + 1}",
                Frame(0, 0, 0), "L1.theatre",
                parts=[Part(fold, "wood")], predefined="CLADDING", name_en="Acoustic timber panel",
            )  # fmt: skip


def _stand(writer: IfcWriter) -> None:
    """The basketball hall's stand: concrete steps on the north side."""
    steps = []
    for row in range(STAND_ROWS):
        y, z = stand_row(row)
        steps.append(slab(2.4, y - 0.4, 0.0, 31.2, y + 0.45 if row < STAND_ROWS - 1 else 24.6, z))
    writer.element(
        "IfcSlab",
        "basketball/stand",
        "篮球馆看台",
        Frame(0, 0, 0),
        "L1.basketball",
        parts=[Part(joined(steps), "concrete")],
        predefined="FLOOR",
        name_en="Stand",
        material="钢筋混凝土",
    )


def _slats(writer: IfcWriter) -> None:
    """Open timber ceilings, that let one look in from above: theatre clouds, lobby and library baffles."""
    clouds = [
        slab(94 + 3.2 * i, 16.0, 7.4 + 0.15 * i, 96.4 + 3.2 * i, 34.4, 7.5 + 0.15 * i) for i in range(4)
    ]
    for i, mesh in enumerate(clouds):
        writer.element(
            "IfcCovering",
            f"theatre/cloud/{i}",
            f"声学反射板{i + 1}",
            Frame(0, 0, 0),
            "L1.theatre",
            parts=[Part(mesh, "wood_light")],
            predefined="CEILING",
            name_en="Acoustic cloud",
        )
    baffle = writer.type(
        "IfcCoveringType",
        "baffle",
        "木格栅吊顶",
        [Part(slab(0, -0.03, 0, 6.0, 0.03, 0.25), "wood_light")],
        predefined="CEILING",
        name_en="Timber baffle",
    )
    for i, y in enumerate(np.arange(0.4, 10.2, 0.8)):
        for j in range(5):
            writer.element(
                "IfcCovering",
                f"baffle/library/{i}/{j}",
                "木格栅",
                Frame(76.4 + 6.5 * j, round(float(y), 2), 5.4 + 3.5),
                "L2.library",
                type=baffle,
                predefined="CEILING",
            )
