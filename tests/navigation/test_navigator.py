"""Storeys, stairs, lifts, profiles, places and words, on a building small enough to check by hand."""

from __future__ import annotations

import re

import pytest
from shapely.geometry import Point, box

from navigation.errors import AmbiguousPlaceError, NoRouteError, PlaceError, ProfileError
from navigation.model import Label, Overlay, PointOfInterest
from navigation.navigator import Navigator
from navigation.profiles import EVACUATE, Profile
from navigation.report import connectivity
from tests.navigation.buildings import Paper, two_storeys


@pytest.fixture(scope="module")
def paper() -> Paper:
    return two_storeys()


@pytest.fixture(scope="module")
def navigator(paper: Paper) -> Navigator:
    desk = PointOfInterest("desk", Label("服务台", "Service desk"), None, (5.0, 2.0, 0.0))
    lost = PointOfInterest("lost", Label("失物", "Lost property"), "No such room", None)
    return Navigator.of(paper.package, [desk, lost])


def index_of(paper: Paper, name: str) -> int:
    return next(each.element_index for each in paper.elements if each.name == name)


def kinds(
    navigator: Navigator, start: str, goal: str, profile: str = "walk", closed: tuple[int, ...] = ()
) -> list[str]:
    return [leg.kind for leg in navigator.route(start, goal, profile, closed).legs]


def test_one_storey_up_one_walks_and_wheels_take_the_lift(navigator: Navigator) -> None:
    assert kinds(navigator, "Office", "Loft") == ["walk", "stair", "walk"]
    assert kinds(navigator, "Office", "Loft", "step_free") == ["walk", "lift", "walk"]


def test_a_stair_is_walked_along_its_line(navigator: Navigator, paper: Paper) -> None:
    stair = navigator.route("Hall", "Loft").legs[1]
    assert stair.length_m == pytest.approx((5**2 + 3**2) ** 0.5)
    assert stair.duration_s == pytest.approx(stair.length_m / 0.6)
    assert [stair.storey, stair.to_storey] == [each.element_index for each in paper.storeys]
    down = navigator.route("Loft", "Hall").legs[1]
    assert down.polyline == pytest.approx(stair.polyline[::-1])


def test_a_lift_costs_waiting_and_is_no_walk(navigator: Navigator) -> None:
    ride = navigator.route("Hall", "Loft", "step_free").legs[1]
    assert ride.length_m == 0
    assert ride.duration_s == pytest.approx(30 + 8 + 3)


def test_without_the_stair_one_takes_the_lift_and_without_both_nothing(
    navigator: Navigator, paper: Paper
) -> None:
    stair, lift = index_of(paper, "Stair A"), index_of(paper, "Lift 1")
    assert kinds(navigator, "Hall", "Loft", closed=(stair,)) == ["walk", "lift", "walk"]
    with pytest.raises(NoRouteError) as caught:
        navigator.route("Hall", "Loft", closed=(stair, lift))
    assert caught.value.reason == "locked"
    assert {each.name_en for each in caught.value.blockers} <= {"Stair A", "Lift 1"}


def test_wheels_are_told_which_door_is_too_narrow(navigator: Navigator) -> None:
    with pytest.raises(NoRouteError) as caught:
        navigator.route("Hall", "Store", "step_free")
    assert caught.value.reason == "not_step_free"
    assert str(caught.value) == "no step-free way from Hall to Store: the only connection is the Store door"
    assert str(caught.value.told_in("zh-CN")) == "从Hall到Store没有无障碍路线：只能经过Store门"
    assert caught.value.faults()[0]["kind"] == "door"


def test_a_room_without_a_door_is_unreachable(navigator: Navigator) -> None:
    with pytest.raises(NoRouteError) as caught:
        navigator.route("Hall", "Shed")
    assert caught.value.reason == "unreachable_place"


def test_a_locked_door_is_named(navigator: Navigator, paper: Paper) -> None:
    door = index_of(paper, "D0")
    with pytest.raises(NoRouteError) as caught:
        navigator.route("Hall", "Office", closed=(door,))
    assert caught.value.reason == "locked"
    assert [each.guid for each in caught.value.blockers] == [paper.elements[door].guid]


def test_the_staffs_word_counts(paper: Paper) -> None:
    narrow, lift, stair = (index_of(paper, name) for name in ("D1", "Lift 1", "Stair A"))
    told = Navigator.of(paper.package, (), Overlay(accessible=frozenset({narrow})))
    assert kinds(told, "Hall", "Store", "step_free") == ["walk", "lift", "walk"]
    barred = Navigator.of(paper.package, (), Overlay(private=frozenset({lift, stair})))
    with pytest.raises(NoRouteError):
        barred.route("Hall", "Loft")


def test_a_way_up_alone_is_not_a_way_down(paper: Paper) -> None:
    stair = index_of(paper, "Stair A")
    one_way = Navigator.of(paper.package, (), Overlay(one_way=((stair, "ab"),)))
    assert kinds(one_way, "Hall", "Loft") == ["walk", "stair", "walk"]
    assert kinds(one_way, "Loft", "Hall") == ["walk", "lift", "walk"]


def test_places_by_every_name(navigator: Navigator, paper: Paper) -> None:
    office = paper.spaces_named("Office")[0]
    assert navigator.find(office.guid).space == office.element_index
    assert navigator.find("office").space == office.element_index
    assert navigator.find("12.0, 1, 0").position == pytest.approx((12.0, 1.0, 0.0))
    assert navigator.find("desk").label.en == "Service desk"
    door = paper.elements[index_of(paper, "D0")]
    assert navigator.find(door.guid).position == pytest.approx((9.62, 3.0, 0.0))
    outside = navigator.find("-1.5,3,0")
    assert outside.space is None
    assert navigator.route("-1.5,3,0", "Hall").crossings[0].kind == "door"


def test_a_point_in_a_wall_is_beside_it(navigator: Navigator) -> None:
    assert navigator.find("9.99,1,0").position == pytest.approx((9.75, 1.0, 0.0), abs=0.01)


@pytest.mark.parametrize("text", ["nothing", "100,100,0", "lost", "nan,1,2"])
def test_no_such_place_is_said_in_one_line(navigator: Navigator, text: str) -> None:
    with pytest.raises(PlaceError) as caught:
        navigator.find(text)
    assert "\n" not in str(caught.value)


def test_a_name_of_two_rooms_asks_which() -> None:
    paper = two_storeys()
    paper.room("Hall", paper.storeys[1].element_index, paper.spaces[0].footprint)  # type: ignore[arg-type]
    with pytest.raises(AmbiguousPlaceError):
        Navigator.of(paper.package).find("Hall")


def test_an_unknown_profile_is_refused(navigator: Navigator) -> None:
    with pytest.raises(ProfileError, match="walk, step_free"):
        navigator.route("Hall", "Loft", "fly")


def test_every_instruction_names_an_object_or_a_distance(navigator: Navigator) -> None:
    steps = navigator.route("Office", "Store").steps
    assert [step.maneuver for step in steps if step.maneuver in ("door", "stair")] == [
        "door",
        "stair",
        "door",
    ]
    for step in steps:
        assert re.search(r"\d+ 米|Office|Hall|Stair A|Loft|Store", step.zh)
        assert re.search(r"\d+ m|Office|Hall|Stair A|Loft|Store", step.en)
    assert any("Take Stair A up to 2F" in step.en for step in steps)
    assert any("走Stair A上到2F" in step.zh for step in steps)


def test_left_and_right_are_as_one_walks(navigator: Navigator) -> None:
    # Out of the office going west, then north to a point far to the right: a right turn behind the door.
    out = navigator.route("13,3,0", "9.5,5.7,0")
    assert [step.direction for step in out.steps if step.maneuver == "door"] == ["right"]
    back = navigator.route("13,3,0", "9.5,0.3,0")
    assert [step.direction for step in back.steps if step.maneuver == "door"] == ["left"]


@pytest.mark.parametrize(("top", "is_pool"), [(0.0, True), (1.0, False)])
def test_nobody_is_led_through_a_pool(top: float, is_pool: bool) -> None:
    paper = two_storeys()
    hall = paper.spaces_named("Hall")[0]
    sizes = (2.0, 1.5, -1.5, 8.0, 4.0, top)
    paper.element_of("IfcSlab", "Basin", space_index=hall.element_index, box=sizes)
    route = Navigator.of(paper.package).route("1.5,3,0", "9,3,0")
    assert (route.length_m > 7.5) == is_pool
    assert (len(route.legs[0].polyline) > 2) == is_pool


def test_wheels_are_slower_and_open_doors_slower(navigator: Navigator) -> None:
    walk, wheels = (navigator.route("Office", "Hall", profile) for profile in ("walk", "step_free"))
    assert walk.duration_s == pytest.approx(walk.length_m / 1.2 + 1.5)
    assert wheels.duration_s == pytest.approx(wheels.length_m / 0.8 + 4.0)


def test_two_profiles_of_one_name_are_two(navigator: Navigator) -> None:
    slow, fast = (Profile("own", walk_m_s=speed) for speed in (0.5, 2.0))
    assert navigator.route("Office", "Hall", slow).duration_s > 15
    assert navigator.route("Office", "Hall", fast).duration_s < 10


def test_who_stands_in_a_corner_cut_off_by_furniture_starts_beside_it() -> None:
    paper = two_storeys()
    ground = paper.storeys[0].element_index
    paper.obstacle(ground, box(8.8, 4.5, 10.0, 4.7), "furniture")
    paper.obstacle(ground, box(8.8, 4.7, 9.0, 6.0), "furniture")
    navigator = Navigator.of(paper.package)
    start = navigator.find("9.5,5.4,0")
    assert navigator.route(start, "Office").length_m > 0
    assert not box(8.8, 4.5, 10.0, 6.0).contains(Point(start.position))


def test_a_model_without_rooms_has_no_ways() -> None:
    paper = Paper()
    paper.storey_of("1F", 0.0)
    navigator = Navigator.of(paper.package)
    assert connectivity(navigator).parts == ()
    with pytest.raises(PlaceError):
        navigator.route("0,0,0", "1,1,0")


def test_standing_still_is_a_way(navigator: Navigator) -> None:
    route = navigator.route("Hall", "Hall")
    assert route.length_m == 0
    assert [step.maneuver for step in route.steps] == ["depart", "arrive"]


def test_everybody_finds_out_on_foot(navigator: Navigator, paper: Paper) -> None:
    exits = [node for node, facts in navigator.built.graph.nodes(data=True) if facts["kind"] == "outside"]
    found = navigator.evacuate(exits, EVACUATE)
    names = {paper.space_by_index[space].name for space in found.seconds}
    assert names == {"Hall", "Office", "Loft", "Store"}
    assert [paper.space_by_index[space].name for space in found.stuck] == ["Shed"]
    stair = index_of(paper, "Stair A")
    stuck = navigator.evacuate(exits, EVACUATE, closed=(stair,)).stuck
    assert {paper.space_by_index[space].name for space in stuck} == {"Shed", "Loft", "Store"}


def test_what_does_not_hang_together_is_listed(navigator: Navigator, paper: Paper) -> None:
    report = connectivity(navigator)
    assert [len(part) for part in report.parts] == [4, 1]
    assert [each.name for each in report.unconnected] == ["Shed"]
