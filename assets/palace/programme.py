"""The room programme of the palace, storey by storey, as tables.

West: the sports wing (x 0..58.8). East: the culture wing (x 75.6..134.4). Between them the atrium. The
structural module is 8.4 m. Rooms are given on wall centrelines; doors in the notation of `shapes.Room`.
"""

# ruff: noqa: E501  (tables read better with one row a line)

from __future__ import annotations

from assets.palace.shapes import Rect, Room

SPORTS, CULTURE, ATRIUM, BASEMENT, PLAZA, ROOF = "sports", "culture", "atrium", "basement", "plaza", "roof"
SPORTS_LIFTS: tuple[Rect, ...] = ((40.6, 20.8, 43.2, 23.4), (43.2, 20.8, 45.8, 23.4))
CULTURE_LIFTS: tuple[Rect, ...] = ((86.8, 17.2, 89.4, 19.8), (86.8, 19.8, 89.4, 22.4))
FREIGHT_LIFT: Rect = (120.6, 17.2, 123.4, 20.2)
SPORTS_STAIRS: tuple[Rect, ...] = ((37.2, 15.0, 40.6, 23.4), (37.2, 47.0, 45.6, 50.4))
CULTURE_STAIRS: tuple[Rect, ...] = ((81.0, 13.8, 89.4, 17.2), (120.6, 13.8, 129.0, 17.2))


def service(
    key: str, zh: str, en: str, function: str, rect: Rect, doors: str = "", public: bool = False
) -> Room:
    """A back-of-house room of one rectangle."""
    return Room(key, zh, en, function, (rect,), 0, doors, public=public)


def sports_core(lobby: str, north_lobby: str) -> list[Room]:
    """Stairs, lifts, shaft and electrical closet of the sports wing, entered from `lobby`."""
    one, two = SPORTS_LIFTS
    first, second = SPORTS_STAIRS
    return [
        Room("stair_s1", "楼梯S1", "Stair S1", "stair", (first,), 0, f"{lobby} fire@38.4,23.4"),
        Room("stair_s2", "楼梯S2", "Stair S2", "stair", (second,), 0, f"{north_lobby} fire@37.2,48.2"),
        Room("lift_s1", "电梯S1井道", "Lift S1 shaft", "lift", (one,), 0, f"{lobby} lift"),
        Room("lift_s2", "电梯S2井道", "Lift S2 shaft", "lift", (two,), 0, f"{lobby} lift"),
        service(
            "elec_s",
            "强弱电间",
            "Electrical closet",
            "electrical_closet",
            (45.8, 15, 48, 23.4),
            f"{lobby} fire",
        ),
        service(
            "shaft_s", "管道井", "Services shaft", "shaft", (40.6, 15, 45.8, 20.8), "elec_s fire@45.8,17"
        ),
    ]


def culture_core(lobby_w: str, lobby_e: str) -> list[Room]:
    """Stairs, lifts, shafts and closets of the culture wing, both ends."""
    one, two = CULTURE_LIFTS
    first, second = CULTURE_STAIRS
    return [
        Room("stair_c1", "楼梯C1", "Stair C1", "stair", (first,), 0, f"{lobby_w} fire@89.4,15.0"),
        Room("stair_c2", "楼梯C2", "Stair C2", "stair", (second,), 0, f"{lobby_e} fire@120.6,15.0"),
        Room("lift_c1", "电梯C1井道", "Lift C1 shaft", "lift", (one,), 0, f"{lobby_w} lift"),
        Room("lift_c2", "电梯C2井道", "Lift C2 shaft", "lift", (two,), 0, f"{lobby_w} lift"),
        Room("lift_c3", "货梯C3井道", "Goods lift C3 shaft", "lift", (FREIGHT_LIFT,), 0, f"{lobby_e} lift"),
        service(
            "elec_c",
            "强弱电间",
            "Electrical closet",
            "electrical_closet",
            (120.6, 20.2, 129, 22.4),
            f"{lobby_e} fire",
        ),
        service(
            "shaft_e", "东管道井", "East services shaft", "shaft", (123.4, 17.2, 129, 20.2), "elec_c fire"
        ),
    ]


def sports_service(lobby: str = "link") -> list[Room]:
    """Toilets, water point and cleaner's room north of the sports wing's link corridor."""
    return [
        Room("wc_sw", "女卫生间", "Women's toilet", "toilet_women", ((37.2, 27, 43.2, 33.6),), 8, lobby),
        Room("wc_sm", "男卫生间", "Men's toilet", "toilet_men", ((43.2, 27, 49.2, 33.6),), 8, lobby),
        Room(
            "wc_sa",
            "无障碍卫生间",
            "Accessible toilet",
            "toilet_accessible",
            ((49.2, 27, 52, 33.6),),
            1,
            lobby,
        ),
        Room(
            "water_s", "饮水间", "Water point", "water_point", ((52, 27, 54.6, 33.6),), 4, f"{lobby} opening"
        ),
        service("clean_s", "清洁间", "Cleaner's room", "storage", (54.6, 27, 58.8, 33.6), lobby),
    ]


def culture_service() -> list[Room]:
    """Toilets, water point, shaft and cleaner's room of the culture wing's west core."""
    return [
        Room(
            "water_c", "饮水间", "Water point", "water_point", ((81, 22.4, 89.4, 24.6),), 4, "cor_w opening"
        ),
        Room("wc_cw", "女卫生间", "Women's toilet", "toilet_women", ((81, 24.6, 89.4, 29.4),), 10, "cor_w"),
        Room("wc_cm", "男卫生间", "Men's toilet", "toilet_men", ((81, 29.4, 89.4, 34.2),), 10, "cor_w"),
        Room(
            "wc_ca",
            "无障碍卫生间",
            "Accessible toilet",
            "toilet_accessible",
            ((85.2, 34.2, 89.4, 36.6),),
            1,
            "cor_w",
        ),
        service("clean_c", "清洁间", "Cleaner's room", "storage", (81, 34.2, 85.2, 36.6), "cor_n"),
        service(
            "comms_c", "弱电间", "Comms closet", "electrical_closet", (84, 17.2, 86.8, 22.4), "water_c fire"
        ),
        service(
            "shaft_w",
            "西管道井",
            "West services shaft",
            "shaft",
            (81, 17.2, 84, 22.4),
            "water_c fire@82.5,22.4",
        ),
    ]


def sports_corridors(storey: str) -> list[Room]:
    """The hall corridor (north to south) and the link to the atrium."""
    ends = "; arcade_w fire_double@35.4,0; out fire_double@35.4,50.4" if storey == "L1" else ""
    gate = "lobby glass_double" if storey == "L1" else "gallery glass_double"
    return [
        Room(
            "cor_h",
            "运动走廊",
            "Sports corridor",
            "corridor",
            ((33.6, 0, 37.2, 50.4),),
            60,
            f"link open{ends}",
        ),
        Room("link", "运动连廊", "Sports link", "corridor", ((37.2, 23.4, 58.8, 27),), 40, gate),
    ]


def culture_corridors(storey: str) -> list[Room]:
    """The culture wing's ring of four corridors; the long ones reach the atrium."""
    hall = {"L1": "lobby", "L5": ""}.get(storey, "gallery")
    gate = f"{hall} glass_double; " if hall else ""
    out = "; out fire_double@134.4,{y}" if storey == "L1" else ""
    return [
        Room(
            "cor_s", "南走廊", "South corridor", "corridor", ((75.6, 10.8, 134.4, 13.8),), 60,
            f"{gate}cor_w open; cor_e open{out.format(y=12.3)}",
        ),
        Room(
            "cor_n", "北走廊", "North corridor", "corridor", ((75.6, 36.6, 134.4, 39.6),), 60,
            f"{gate}cor_w open; cor_e open{out.format(y=38.1)}",
        ),
        Room("cor_w", "西走廊", "West corridor", "corridor", ((89.4, 13.8, 92.4, 36.6),), 40),
        Room("cor_e", "东走廊", "East corridor", "corridor", ((117.6, 13.8, 120.6, 36.6),), 40),
    ]  # fmt: skip


def west_rooms(rows: tuple[tuple[str, str, str, str], ...], hall: str) -> list[Room]:
    """The three rooms between culture core and atrium: (key, zh, en, function), south to north."""
    cuts = (13.8, 21.0, 29.4, 36.6)
    return [
        Room(key, zh, en, function, ((75.6, cuts[i], 81, cuts[i + 1]),), 12, f"{hall} glass")
        for i, (key, zh, en, function) in enumerate(rows)
    ]


def strip(rows: tuple[tuple[str, str, str, str, int], ...], y0: float, y1: float, to: str) -> list[Room]:
    """A row of rooms along the culture wing from x = 75.6; each row ends with its width in 8.4 m modules."""
    rooms, x = [], 75.6
    for key, zh, en, function, modules in rows:
        width = 8.4 * modules
        rect = (round(x, 3), y0, round(x + width, 3), y1)
        doors = f"{to} double" if modules < 2 else _pair_of_doors(rect, y0, y1, to)
        rooms.append(Room(key, zh, en, function, (rect,), int(width * (y1 - y0) / 3.5), doors))
        x += width
    return rooms


def _pair_of_doors(rect: Rect, y0: float, y1: float, to: str) -> str:
    wall = y1 if y1 < 20 else y0
    third = (rect[2] - rect[0]) / 4
    return f"{to} double@{rect[0] + third:.2f},{wall}; {to} double@{rect[2] - third:.2f},{wall}"


def training(prefix: str, first: int, count: int) -> tuple[tuple[str, str, str, str, int], ...]:
    """`count` training rooms of one module each, numbered from `first`."""
    return tuple(
        (f"{prefix}{n}", f"培训教室{n}", f"Training room {n}", "training_room", 1)
        for n in range(first, first + count)
    )


def east_rooms(rows: tuple[tuple[str, str, str, str], ...], office: tuple[str, str, str, str]) -> list[Room]:
    """The two rooms and the corner room of the culture wing's east block: (key, zh, en, function)."""
    low, high = rows
    rects: tuple[Rect, ...] = ((120.6, 22.4, 134.4, 29.5), (120.6, 29.5, 134.4, 36.6))
    rooms = [
        Room(key, zh, en, function, (rect,), 28, "cor_e double")
        for (key, zh, en, function), rect in zip((low, high), rects, strict=True)
    ]
    key, zh, en, function = office
    exit_door = "; out fire@134.4,18" if function == "control_room" else ""
    public = function not in {"control_room", "server_room"}
    rooms.append(
        Room(key, zh, en, function, ((129, 13.8, 134.4, 22.4),), 6, f"cor_s{exit_door}", public=public)
    )
    return rooms


def basement() -> list[Room]:
    """B1 but for the car park's zones, which take what is left."""
    return [
        *sports_core("lobby_s", "plant_cor"),
        *culture_core("lobby_w", "lobby_e"),
        Room("lobby_s", "电梯厅(体育)", "Lift lobby, sports", "lift_lobby", ((37.2, 23.4, 48, 27),), 12,
             "park_a glass_double@37.2,25.2; park_b glass_double@48,25.2"),
        Room("lobby_w", "电梯厅(文化西)", "Lift lobby, culture west", "lift_lobby", ((89.4, 13.8, 92.4, 23.4),), 12,
             "park_c glass_double@90.9,23.4"),
        Room("lobby_e", "电梯厅(文化东)", "Lift lobby, culture east", "lift_lobby", ((117.6, 13.8, 120.6, 23.4),), 12,
             "park_c glass_double@119.1,23.4"),
        service("plant_cor", "设备走廊", "Plant corridor", "corridor", (33.6, 29.4, 37.2, 50.4),
                "park_a fire_double@35.4,29.4; park_a fire_double@37.2,43.2"),
        service("transformer", "变配电室", "Transformer room", "electrical_room", (0, 29.4, 8.4, 50.4), "park_a fire_double"),
        service("switch", "低压配电室", "Low-voltage switchroom", "electrical_room", (8.4, 29.4, 16.8, 50.4),
                "park_a fire_double; transformer fire"),
        service("hvac", "制冷机房", "Chiller plant", "hvac_plant", (16.8, 29.4, 33.6, 39.9), "plant_cor fire_double"),
        service("pool_plant", "泳池水处理机房", "Pool water plant", "pool_plant", (16.8, 39.9, 33.6, 50.4), "plant_cor fire_double"),
        service("fire_pump", "消防泵房", "Fire pump room", "water_plant", (45.6, 46.2, 62.4, 50.4), "park_b fire_double"),
        service("water", "生活水泵房", "Domestic water plant", "water_plant", (62.4, 46.2, 79.2, 50.4), "park_b fire_double"),
        service("battery", "储能电池室", "Battery storage room", "battery_room", (79.2, 46.2, 92.4, 50.4), "park_c fire_double@89,46.2"),
        service("comms", "通信机房", "Communications room", "server_room", (92.4, 46.2, 100.8, 50.4), "park_c fire_double"),
        service("store", "物资库房", "Store", "storage", (100.8, 46.2, 117.6, 50.4), "park_c fire_double"),
        service("workshop", "维修间", "Workshop", "workshop", (117.6, 46.2, 134.4, 50.4), "park_d fire_double@129,46.2"),
        Room("robots", "清洁机器人间", "Cleaning robots' room", "robot_dock", ((81, 17.2, 86.8, 23.4), (86.8, 22.4, 89.4, 23.4)), 0,
             "park_b fire@81,20", public=False),
        Room("ramp", "坡道口", "Ramp foot", "ramp", ((134.4, 22.4, 142.4, 29.4),), 0, "park_d opening"),
    ]  # fmt: skip


def ground() -> list[Room]:
    """L1: pool, basketball, lobby, exhibition, theatre, and the outdoor rooms of the plaza."""
    return [*_ground_sports(), *_ground_lobby(), *_ground_culture(), *_outdoors()]


def _ground_sports() -> list[Room]:
    return [
        Room("basketball", "篮球馆", "Basketball hall", "basketball_hall", ((0, 0, 33.6, 25.2),), 620,
             "cor_h double@33.6,7; cor_h double@33.6,18; out fire_double@0,12.6", 9.4),
        Room("pool", "游泳馆", "Swimming pool hall", "swimming_pool", ((0, 25.2, 33.6, 50.4),), 180,
             "cor_h double@33.6,30; cor_h glass_double@33.6,46; out fire_double@0,38", 9.4),
        *sports_corridors("L1"), *sports_core("link", "cor_h"), *sports_service(),
        Room("change_m", "男更衣室", "Men's changing room", "changing_room_men", ((37.2, 0, 48, 7.5),), 40, "cor_h"),
        Room("change_w", "女更衣室", "Women's changing room", "changing_room_women", ((37.2, 7.5, 48, 15),), 40, "cor_h"),
        Room("shop", "运动用品店", "Sports shop", "shop", ((48, 0, 58.8, 8.4),), 30, "cafe; arcade_w glass_double"),
        Room("cafe", "咖啡简餐", "Café", "cafe", ((48, 8.4, 58.8, 23.4),), 60, "lobby glass_double@58.8,16; link glass@53,23.4"),
        Room("pool_change_m", "泳客男更衣室", "Pool changing room, men", "changing_room_men", ((37.2, 33.6, 45.6, 40.3),), 40, "cor_h"),
        Room("pool_change_w", "泳客女更衣室", "Pool changing room, women", "changing_room_women", ((37.2, 40.3, 45.6, 47),), 40, "cor_h"),
        Room("health", "体质测试中心", "Fitness assessment", "health_check", ((45.6, 33.6, 58.8, 42),), 30, "lobby glass"),
        service("equipment", "器材库", "Equipment store", "storage", (45.6, 42, 58.8, 50.4), "health; out roller@52.2,50.4"),
    ]  # fmt: skip


def _ground_lobby() -> list[Room]:
    gates = "forecourt glass_double@62,8.4; forecourt glass_double@65.6,8.4; forecourt glass_double@68.8,8.4; forecourt glass_double@72.4,8.4"
    return [
        Room(
            "lobby",
            "入口大厅",
            "Entrance lobby",
            "lobby",
            ((58.8, 8.4, 75.6, 42),),
            400,
            gates + "; out glass_double@67.2,42",
            5.2,
        ),
    ]


def _ground_culture() -> list[Room]:
    return [
        *culture_corridors("L1"), *culture_core("cor_w", "cor_e"), *culture_service(),
        Room("exhibition", "展览厅", "Exhibition hall", "exhibition_hall", ((75.6, 0, 100.8, 10.8),), 150,
             "cor_s double@82,10.8; cor_s double@95,10.8; arcade_e glass_double@88.2,0"),
        Room("foyer", "剧场前厅", "Theatre foyer", "foyer", ((100.8, 0, 126, 10.8),), 200,
             "cor_s double@105,10.8; cor_s double@113.4,10.8; arcade_e glass_double@109.2,0; arcade_e glass_double@117.6,0"),
        Room("box_office", "票务室", "Box office", "office", ((126, 0, 134.4, 10.8),), 6, "cor_s; foyer"),
        Room("theatre", "剧场", "Theatre", "theatre", ((92.4, 13.8, 109.2, 36.6),), 460,
             "cor_s fire_double@107.6,13.8; cor_n fire_double@107.6,36.6; stage opening", 9.2),
        Room("stage", "舞台", "Stage", "stage", ((109.2, 13.8, 117.6, 36.6),), 60, "cor_e fire_double@117.6,19; cor_e fire_double@117.6,32", 9.2),
        *strip((("gallery_art", "美术馆", "Art gallery", "gallery", 2),
                ("multi", "多功能厅", "Multi-function hall", "multifunction_hall", 2),
                ("rehearsal", "排练厅", "Rehearsal room", "rehearsal_room", 1),
                ("green_room", "演员休息室", "Green room", "lounge", 1),
                ("scene_dock", "布景库", "Scene dock", "storage", 1)), 39.6, 50.4, "cor_n"),
        *east_rooms((("dressing_1", "化妆间1", "Dressing room 1", "dressing_room"),
                     ("dressing_2", "化妆间2", "Dressing room 2", "dressing_room")),
                    ("control", "消防安防控制室", "Control room", "control_room")),
        *west_rooms((("gift", "文创商店", "Gift shop", "shop"), ("tea", "茶文化室", "Tea room", "lounge"),
                     ("first_aid", "医务室", "First-aid room", "first_aid")), "lobby"),
    ]  # fmt: skip


def _outdoors() -> list[Room]:
    def outdoor(key: str, zh: str, en: str, function: str, rect: Rect, doors: str, capacity: int = 0) -> Room:
        return Room(key, zh, en, function, (rect,), capacity, doors, 4.0, PLAZA, external=True)

    return [
        outdoor(
            "arcade_w", "西骑楼", "West arcade", "arcade", (0, -3.6, 58.8, 0), "forecourt open; plaza open"
        ),
        outdoor(
            "arcade_e",
            "东骑楼",
            "East arcade",
            "arcade",
            (75.6, -3.6, 134.4, 0),
            "forecourt open; plaza open",
        ),
        outdoor(
            "forecourt", "入口前庭", "Entrance forecourt", "forecourt", (58.8, -3.6, 75.6, 8.4), "plaza open"
        ),
        outdoor(
            "plaza",
            "文化广场",
            "Culture plaza",
            "plaza",
            (0, -42, 96, -3.6),
            "stage_out open; grove open; street open",
            3000,
        ),
        outdoor(
            "stage_out",
            "露天舞台",
            "Outdoor stage",
            "outdoor_stage",
            (96, -42, 134.4, -3.6),
            "street open",
            600,
        ),
        outdoor("grove", "榕树林荫", "Banyan grove", "garden", (-24, -42, 0, -3.6), "street open", 200),
        outdoor("street", "人行道", "Pavement", "pavement", (-24, -50, 134.4, -42), "", 0),
    ]


def second() -> list[Room]:
    """L2: fitness, table tennis, library, training rooms."""
    return [
        *sports_corridors("L2"), *sports_core("link", "cor_h"), *sports_service(),
        Room("fitness", "健身房", "Gym", "fitness", ((37.2, 0, 58.8, 15),), 90, "cor_h glass_double@37.2,4; cor_h glass_double@37.2,11"),
        Room("spinning", "动感单车房", "Spinning studio", "fitness_studio", ((48, 15, 58.8, 23.4),), 30, "link double; fitness glass"),
        Room("table_tennis", "乒乓球馆", "Table tennis hall", "table_tennis_hall",
             ((37.2, 33.6, 45.6, 47), (45.6, 33.6, 58.8, 50.4)), 64, "cor_h double@37.2,40; gallery glass_double@58.8,39.9"),
        Room("gallery", "中庭回廊", "Atrium gallery", "gallery_walk",
             ((58.8, 8.4, 63, 42), (63, 37.8, 71.4, 42), (71.4, 8.4, 75.6, 42)), 80, "", 4.2, ATRIUM),
        *culture_corridors("L2"), *culture_core("cor_w", "cor_e"), *culture_service(),
        *strip((("library", "图书馆", "Library", "library", 4), ("kids_library", "少儿阅览室", "Children's reading room", "library", 2),
                ("e_reading", "电子阅览室", "Digital reading room", "library", 1)), -3.6, 10.8, "cor_s"),
        *strip(training("train_", 201, 7), 39.6, 50.4, "cor_n"),
        *east_rooms((("calligraphy", "书法教室", "Calligraphy room", "art_room"), ("tea_art", "茶艺教室", "Tea ceremony room", "training_room")),
                    ("lib_office", "图书馆办公室", "Library office", "office")),
        *west_rooms((("reading_bar", "阅读吧", "Reading bar", "lounge"), ("chess", "棋牌室", "Chess room", "lounge"),
                     ("volunteer", "志愿者之家", "Volunteers' room", "office")), "gallery"),
    ]  # fmt: skip


def third() -> list[Room]:
    """L3: badminton, yoga, dance, and the garden court above the theatre."""
    return [
        Room("badminton", "羽毛球馆", "Badminton hall", "badminton_hall", ((0, 0, 33.6, 50.4),), 160,
             "cor_h double@33.6,8; cor_h double@33.6,42; cor_h glass_double@33.6,25.2", 6.4),
        *sports_corridors("L3"), *sports_core("link", "cor_h"), *sports_service(),
        Room("martial", "武术跆拳道馆", "Martial arts hall", "martial_arts", ((37.2, 0, 58.8, 15),), 60, "cor_h double@37.2,4; cor_h double@37.2,11"),
        Room("yoga", "瑜伽室", "Yoga room", "yoga_room", ((48, 15, 58.8, 23.4),), 30, "link double"),
        Room("kids_sport", "儿童运动馆", "Children's sports hall", "kids_sports",
             ((37.2, 33.6, 45.6, 47), (45.6, 42, 58.8, 50.4)), 50, "cor_h double@37.2,40"),
        Room("sport_office", "体育中心办公室", "Sports office", "office", ((45.6, 33.6, 58.8, 42),), 20, "gallery glass"),
        Room("gallery", "中庭回廊", "Atrium gallery", "gallery_walk",
             ((58.8, 8.4, 63, 42), (63, 37.8, 71.4, 42), (71.4, 8.4, 75.6, 42)), 80, "", 4.2, ATRIUM),
        *culture_corridors("L3"), *culture_core("cor_w", "cor_e"), *culture_service(),
        Room("court", "空中庭院", "Garden court", "courtyard", ((92.4, 13.8, 117.6, 36.6),), 120,
             "cor_w glass_double; cor_e glass_double; cor_s glass_double@105,13.8; cor_n glass_double@105,36.6", 4.0, CULTURE, external=True),
        *strip((("dance_1", "舞蹈教室1", "Dance room 1", "dance_room", 2), ("dance_2", "舞蹈教室2", "Dance room 2", "dance_room", 2),
                ("choir", "合唱排练厅", "Choir room", "music_room", 2), ("costume", "服装道具间", "Costume room", "storage", 1)), -3.6, 10.8, "cor_s"),
        *strip(training("train_", 301, 7), 39.6, 50.4, "cor_n"),
        *east_rooms((("painting", "美术教室", "Painting studio", "art_room"), ("pottery", "陶艺教室", "Pottery studio", "art_room")),
                    ("teacher", "教师休息室", "Teachers' lounge", "lounge")),
        *west_rooms((("parents", "家长等候区", "Parents' lounge", "lounge"), ("craft", "手工坊", "Craft room", "art_room"),
                     ("nursing", "母婴室", "Nursing room", "nursing_room")), "gallery"),
    ]  # fmt: skip


def fourth() -> list[Room]:
    """L4: training and music rooms, round the garden court."""
    music = (("piano_1", "钢琴教室1", "Piano room 1", "music_room", 1), ("piano_2", "钢琴教室2", "Piano room 2", "music_room", 1),
             ("guzheng", "古筝教室", "Guzheng room", "music_room", 1), ("nanyin", "南音教室", "Nanyin room", "music_room", 1),
             ("band", "乐队排练室", "Band room", "music_room", 1), ("vocal", "声乐教室", "Vocal room", "music_room", 1),
             ("lecture", "小报告厅", "Lecture room", "training_room", 1))  # fmt: skip
    return [
        Room("gallery", "中庭回廊", "Atrium gallery", "gallery_walk", ((71.4, 8.4, 75.6, 42),), 40, "", 4.2, ATRIUM),
        *culture_corridors("L4"), *culture_core("cor_w", "cor_e"), *culture_service(),
        *strip(training("train_", 401, 7), -3.6, 10.8, "cor_s"),
        *strip(music, 39.6, 50.4, "cor_n"),
        *east_rooms((("recording", "录音棚", "Recording studio", "music_room"), ("photo", "摄影棚", "Photo studio", "art_room")),
                    ("av_office", "视听办公室", "AV office", "office")),
        *west_rooms((("lounge_4", "休息厅", "Lounge", "lounge"), ("union_room", "职工之家", "Workers' club room", "lounge"),
                     ("legal", "法律援助室", "Legal aid office", "office")), "gallery"),
    ]  # fmt: skip


def fifth() -> list[Room]:
    """L5: administration, meeting rooms, innovation studios."""
    south = (("office_1", "综合办公室", "General office", "office", 2), ("office_2", "活动部", "Activities office", "office", 1),
             ("director", "主任办公室", "Director's office", "office", 1), ("meeting_l", "大会议室", "Large meeting room", "meeting_room", 2),
             ("meeting_s", "小会议室", "Small meeting room", "meeting_room", 1))  # fmt: skip
    north = (("innovation", "劳模创新工作室", "Innovation studio", "training_room", 2), ("maker", "创客空间", "Maker space", "training_room", 2),
             ("archive", "档案室", "Archive", "storage", 1), ("vr", "VR体验室", "VR lab", "training_room", 1),
             ("staff", "员工餐厅", "Staff canteen", "canteen", 1))  # fmt: skip
    return [
        *culture_corridors("L5"), *culture_core("cor_w", "cor_e"), *culture_service(),
        *strip(south, -3.6, 10.8, "cor_s"),
        *strip(north, 39.6, 50.4, "cor_n"),
        *east_rooms((("office_3", "维权帮扶中心", "Support centre", "office"), ("office_4", "财务室", "Finance office", "office")),
                    ("server", "数据机房", "Server room", "server_room")),
        Room("lounge_5", "展望厅", "Viewing lounge", "lounge", ((75.6, 13.8, 81, 36.6),), 40, "cor_s glass; cor_n glass"),
    ]  # fmt: skip


def roof() -> list[Room]:
    """Roof of the culture wing: stair heads, and the deck with its PV fields and plant."""
    first, second_ = CULTURE_STAIRS
    return [
        Room("stair_c1", "楼梯C1", "Stair C1", "stair", (first,), 0, "deck_w fire@89.4,15.0", 2.8, ROOF, public=False),
        Room("stair_c2", "楼梯C2", "Stair C2", "stair", (second_,), 0, "deck_e fire@120.6,15.0", 2.8, ROOF, public=False),
        Room("deck_w", "西屋面", "West roof deck", "roof", ((75.6, -3.6, 104, 13.8), (75.6, 17.2, 92.4, 36.6), (75.6, 36.6, 104, 50.4),
             (89.4, 13.8, 92.4, 17.2)), 0, "deck_e open", 3.0, ROOF, public=False, external=True),
        Room("deck_e", "东屋面", "East roof deck", "roof", ((104, -3.6, 134.4, 13.8), (117.6, 17.2, 134.4, 36.6), (104, 36.6, 134.4, 50.4),
             (117.6, 13.8, 120.6, 17.2)), 0, "", 3.0, ROOF, public=False, external=True),
    ]  # fmt: skip


STOREY_ROOMS = {
    "B1": basement,
    "L1": ground,
    "L2": second,
    "L3": third,
    "L4": fourth,
    "L5": fifth,
    "RF": roof,
}
