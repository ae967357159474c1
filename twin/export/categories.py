"""What a room or an element is in IMDF's words (OGC 20-094, Categories). Pure tables and look-ups.

A space's function is free text in IFC; words in it, English or Chinese, decide, the first row that fits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

UNIT_CATEGORIES = frozenset({
    "auditorium", "brick", "classroom", "column", "concrete", "conferenceroom", "drywall", "elevator",
    "escalator", "fieldofplay", "firstaid", "fitnessroom", "foodservice", "footbridge", "glass",
    "huddleroom", "kitchen", "laboratory", "library", "lobby", "lounge", "mailroom", "mothersroom",
    "movietheater", "movingwalkway", "nonpublic", "office", "opentobelow", "parking", "phoneroom",
    "platform", "privatelounge", "ramp", "recreation", "restroom", "restroom.family", "restroom.female",
    "restroom.female.wheelchair", "restroom.male", "restroom.male.wheelchair", "restroom.transgender",
    "restroom.transgender.wheelchair", "restroom.unisex", "restroom.unisex.wheelchair",
    "restroom.wheelchair", "road", "room", "serverroom", "shower", "smokingarea", "stairs", "steps",
    "storage", "structure", "terrace", "theater", "unenclosedarea", "unspecified", "vegetation",
    "waitingroom", "walkway", "walkway.island", "wood",
})  # fmt: skip
VENUE_CATEGORIES = frozenset({
    "airport", "airport.intl", "aquarium", "businesscampus", "casino", "communitycenter",
    "conventioncenter", "governmentfacility", "healthcarefacility", "hotel", "museum", "parkingfacility",
    "resort", "retailstore", "shoppingcenter", "stadium", "stripmall", "theater", "themepark",
    "trainstation", "transitstation", "university",
})  # fmt: skip

_Rows = Sequence[tuple[str, str]]
_WORDS: _Rows = (
    (r"(wc|toilet|restroom|wash ?room|lavator|卫生间|厕|洗手间).*(accessib|disab|wheelchair|barrier|无障碍)",
     "restroom.wheelchair"),
    (r"(accessib|disab|wheelchair|barrier|无障碍).*(wc|toilet|restroom|wash ?room|卫生间|厕|洗手间)",
     "restroom.wheelchair"),
    (r"(wc|toilet|restroom|wash ?room|lavator).*(women|female|ladies)|女(卫|厕|洗手)", "restroom.female"),
    (r"(women|female|ladies).*(wc|toilet|restroom|wash ?room)", "restroom.female"),
    (r"(wc|toilet|restroom|wash ?room|lavator).*\b(men|male|gents)|男(卫|厕|洗手)", "restroom.male"),
    (r"\b(men|male|gents).*(wc|toilet|restroom|wash ?room)", "restroom.male"),
    (r"\bwc\b|toilet|restroom|wash ?room|lavator|bath ?room|卫生间|厕|洗手间", "restroom"),
    (r"shower|淋浴", "shower"),
    (r"nursing|mother|母婴", "mothersroom"),
    (r"lift lobby|elevator lobby|电梯厅", "lobby"),
    (r"\blift\b|elevator|电梯", "elevator"),
    (r"escalator|扶梯", "escalator"),
    (r"stair|楼梯", "stairs"),
    (r"\bramp\b|坡道", "ramp"),
    (r"car park|parking|garage|停车", "parking"),
    (r"first ?aid|health check|急救|医务", "firstaid"),
    (r"fitness|\bgym\b|健身", "fitnessroom"),
    (r"basketball|badminton|sports|court\b|martial|table tennis|swim|pool\b|球馆|球场|运动|武术",
     "fieldofplay"),
    (r"multifunction|auditorium|lecture|礼堂|多功能厅", "auditorium"),
    (r"theat(er|re)|剧场", "theater"),
    (r"library|reading|图书|阅览", "library"),
    (r"meeting|conference|会议", "conferenceroom"),
    (r"class ?room|training|art room|music room|dance|studio|教室|培训|舞蹈|琴房|画室", "classroom"),
    (r"cafe|canteen|restaurant|dining|food|餐|咖啡", "foodservice"),
    (r"kitchen|厨", "kitchen"),
    (r"server|data cent|机房", "serverroom"),
    (r"electrical|plant|hvac|battery|pump|mechanical|boiler|shaft|riser|control room|service|technical"
     r"|utility|配电|设备|泵房|弱电|控制室|管井", "nonpublic"),
    (r"stor(e|age)|depot|archive|仓|库房|储", "storage"),
    (r"office|办公", "office"),
    (r"foyer|lobby|entrance|vestibule|门厅|大堂", "lobby"),
    (r"waiting|等候", "waitingroom"),
    (r"lounge|休息", "lounge"),
    (r"corridor|hall ?way|passage|circulation|gallery walk|walkway|arcade|走廊|过道|连廊", "walkway"),
    (r"courtyard|forecourt|plaza|square|广场|庭院", "unenclosedarea"),
    (r"garden|green|花园", "vegetation"),
    (r"terrace|balcony|露台|阳台", "terrace"),
    (r"kids|recreation|exhibition|gallery|活动|展", "recreation"),
    (r"road|drive|道路", "road"),
    (r"void|open to below|挑空", "opentobelow"),
)  # fmt: skip
_PATTERNS = tuple((re.compile(words, re.IGNORECASE), category) for words, category in _WORDS)

#: The amenity that stands in a unit of a category, IMDF's word for it.
AMENITY_OF_UNIT: Mapping[str, str] = {
    **{name: name for name in UNIT_CATEGORIES if name.startswith("restroom")},
    **{
        name: name
        for name in (
            "shower", "mothersroom", "elevator", "escalator", "stairs", "ramp", "parking", "firstaid",
            "library", "foodservice", "smokingarea", "movingwalkway", "fieldofplay",
        )
    },
}  # fmt: skip

_AMENITY_OF_ELEMENT: Mapping[tuple[str, str | None], str] = {
    ("IfcTransportElement", "ELEVATOR"): "elevator",
    ("IfcTransportElement", "ESCALATOR"): "escalator",
    ("IfcTransportElement", "MOVINGWALKWAY"): "movingwalkway",
    ("IfcElectricAppliance", "VENDINGMACHINE"): "vendingmachine",
    ("IfcElectricAppliance", "PHOTOCOPIER"): "copymachine",
    ("IfcSanitaryTerminal", "SANITARYFOUNTAIN"): "drinkingfountain",
    ("IfcFireSuppressionTerminal", "FIREEXTINGUISHER"): "fireextinguisher",
    ("IfcAlarm", "MANUALPULLBOX"): "firealarmpullstation",
    ("IfcAlarm", "BREAKGLASSBUTTON"): "firealarmpullstation",
    ("IfcMedicalDevice", "DEFIBRILLATOR"): "defibrillator",
}
AMENITY_CLASSES = tuple(sorted({ifc_class for ifc_class, _ in _AMENITY_OF_ELEMENT}))

_STAFF_ONLY = frozenset({"nonpublic", "serverroom", "storage", "kitchen"})


def unit_category(function: str, *names: str, outdoors: bool = False) -> str:
    """The category of a space by its function, then by its names; what nothing tells is `room`."""
    for text in (function, *names):
        plain = text.replace("_", " ")
        for pattern, category in _PATTERNS:
            if plain and pattern.search(plain):
                return category
    return "unenclosedarea" if outdoors else "room"


def restriction(category: str) -> str | None:
    """Who may enter a unit of a category: `employeesonly`, or None for everybody."""
    return "employeesonly" if category in _STAFF_ONLY else None


def element_amenity(ifc_class: str, predefined_type: str | None) -> str | None:
    """The amenity that an element is, None for none."""
    return _AMENITY_OF_ELEMENT.get((ifc_class, (predefined_type or "").upper()))
