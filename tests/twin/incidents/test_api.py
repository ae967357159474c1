"""`/api/incidents` over a running twin: a report is written, and log and film speak to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.twin.incidents.house import go_wrong, got, serving, settings_of
from tests.twin.incidents.pictures import chunk, png

PNG = {"content-type": "image/png"}


@dataclass(frozen=True)
class Story:
    client: TestClient
    began: str
    ended: str
    alarm: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with serving(settings_of(tmp_path_factory.mktemp("incidents"))) as client:
        yield Story(client, *go_wrong(client))


def made(story: Story, **said: Any) -> Any:
    body = {"title": "灯光故障", "from": story.began, "to": story.ended, **said}
    answer = story.client.post("/api/incidents", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_report_is_begun_listed_and_opened_again(story: Story) -> None:
    report = made(story, alarm=story.alarm, summary="值班时灯变暗")
    assert (report["version"], report["author"], report["alarm"]) == (1, "dev", story.alarm)
    assert report["points"] == ["L-01/level", "L-01/status"], "the alarm's point, then what it goes with"
    assert report["at"] == got(story.client, f"/api/alarms/{story.alarm}")["raised"]
    assert got(story.client, f"/api/incidents/{report['id']}") == report
    listed = got(story.client, "/api/incidents", q="灯光")["items"]
    assert report["id"] in [each["id"] for each in listed]
    assert got(story.client, "/api/incidents", q="no such words")["items"] == []
    first = got(story.client, "/api/incidents", limit=1)
    if first["next"]:
        assert got(story.client, "/api/incidents", cursor=first["next"])["items"] != first["items"]
    events = got(story.client, "/api/events", type="incident.*", subject=f"incident:{report['id']}")["items"]
    assert [each["type"] for each in events] == ["incident.created"]


def test_what_its_author_writes_is_kept_and_nobody_overwrites_it(story: Story) -> None:
    report = made(story)
    path = f"/api/incidents/{report['id']}"
    change = {"version": 1, "conclusions": "驱动电源老化", "points": ["L-02/level"]}
    changed = story.client.patch(path, json=change).json()
    assert (changed["version"], changed["conclusions"], changed["points"]) == (
        2,
        "驱动电源老化",
        ["L-02/level"],
    )
    assert changed["title"] == report["title"], "what is left out stays"
    late = story.client.patch(path, json={"version": 1, "conclusions": "x"})
    assert (late.status_code, late.json()["type"]) == (409, "urn:venue-twin:problem:incident-changed")
    same = story.client.patch(path, json={"version": 2, "conclusions": "驱动电源老化"}).json()
    assert same["version"] == 2, "what changes nothing is no change"


def test_who_did_what_when(story: Story) -> None:
    report = made(story, alarm=story.alarm)
    entries = got(story.client, f"/api/incidents/{report['id']}/dossier")["entries"]
    kinds = [each["type"] for each in entries]
    assert kinds[:3] == ["alarm.raised", "alarm.acknowledged", "workorder.created"]
    assert kinds[-1] == "workorder.verified"
    raised, taken = entries[0], entries[1]
    assert raised["text"]["en"].startswith("Alarm: ")
    assert "5" in raised["text"]["zh"]
    assert (taken["cause"], taken["actor"]["zh"]) == (raised["number"], "dev")
    assert "去看看" in taken["text"]["zh"]
    assert [each["time"] for each in entries] == sorted(each["time"] for each in entries)


def test_how_fast_it_was_answered(story: Story) -> None:
    report = made(story, alarm=story.alarm)
    (times,) = got(story.client, f"/api/incidents/{report['id']}/dossier")["responses"]
    assert times["raised"] <= times["acknowledged"] <= times["returned"] <= times["closed"]
    assert times["order"] is not None
    assert times["order_closed"] >= times["acknowledged"]
    assert (times["commanded"], times["priority"]) == (None, "high")


def test_values_before_at_and_after(story: Story) -> None:
    report = made(story, alarm=story.alarm)
    points = got(story.client, f"/api/incidents/{report['id']}/dossier")["points"]
    level = next(each for each in points if each["point"] == "L-01/level")
    assert [level[moment]["value"] for moment in ("before", "at", "after")] == [80.0, 5.0, 65.5]
    assert (level["least"], level["greatest"], level["samples"]) == (5.0, 80.0, 2)
    assert 5.0 < level["mean"] < 80.0
    status = next(each for each in points if each["point"] == "L-01/status")
    assert status["at"] == {"value": None, "state": None, "quality": None}, "it never told anything"
    assert status["doubtful"] == 1.0


def test_what_was_not_recorded_is_said(story: Story) -> None:
    report = made(story, **{"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z"}, points=[])
    dossier = got(story.client, f"/api/incidents/{report['id']}/dossier")
    assert (dossier["recorded"], dossier["entries"], dossier["points"]) == (0.0, [], [])
    assert dossier["gaps"] == [{"from": "2026-01-01T00:00:00.000Z", "to": "2026-01-01T01:00:00.000Z"}]


def test_points_are_suggested_for_what_is_meant(story: Story) -> None:
    span = {"from": story.began, "to": story.ended}
    everything = got(story.client, "/api/incidents/suggestions", **span)
    assert [each["point"] for each in everything["items"]] == ["L-01/level", "L-01/status"]
    assert everything["items"][0]["device_name"]["zh"]
    device = got(story.client, "/api/devices", type="lamp")["items"][1]
    other = got(story.client, "/api/incidents/suggestions", **span, element=device["element"])
    assert {each["point"].split("/")[0] for each in other["items"]} == {device["device"]}


def test_pictures_are_kept_in_the_order_of_their_moments(story: Story) -> None:
    report = made(story)
    path = f"/api/incidents/{report['id']}/pictures"
    text = chunk(b"tEXt", b"Author\0somebody")
    for at, data in ((story.ended, png(5, 5)), (story.began, png(4, 3, text))):
        answer = story.client.post(path, content=data, headers=PNG, params={"at": at, "caption": " 大厅 "})
        assert answer.status_code == 201, answer.text
    first, second = answer.json()["pictures"]
    assert (first["width"], second["width"], first["caption"], first["by"]) == (4, 5, "大厅", "dev")
    kept = story.client.get(f"{path}/{first['id']}.png")
    assert kept.content == png(4, 3), "what is not the picture is left out"
    assert kept.headers["content-type"] == "image/png"
    renamed = story.client.patch(f"{path}/{first['id']}", json={"caption": "走廊"}).json()
    assert renamed["pictures"][0]["caption"] == "走廊"
    left = story.client.delete(f"{path}/{first['id']}").json()
    assert [each["id"] for each in left["pictures"]] == [second["id"]]
    assert story.client.get(f"{path}/{first['id']}.png").status_code == 404


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"title": "  "}, 422),
        ({"to": "2026-01-01T00:00:00Z"}, 422),
        ({"from": "2020-01-01T00:00:00Z"}, 422),
        ({"from": "2999-01-01T00:00:00Z", "to": "2999-01-02T00:00:00Z"}, 422),
        ({"at": "2020-01-01T00:00:00Z"}, 400),
        ({"points": ["L-01/nothing"]}, 422),
        ({"points": ["L-01"]}, 422),
        ({"points": ["L-01/level"] * 41}, 422),
        ({"element": "no such guid"}, 404),
        ({"alarm": "no such alarm"}, 404),
        ({"unknown": 1}, 422),
    ],
)
def test_a_report_about_nothing_is_refused(story: Story, said: dict[str, Any], status: int) -> None:
    body = {"title": "x", "from": story.began, "to": story.ended} | said
    answer = story.client.post("/api/incidents", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("data", [b"", b"GIF89a", png()[:-20], png() + b"more"])
def test_what_is_no_picture_is_refused(story: Story, data: bytes) -> None:
    path = f"/api/incidents/{made(story)['id']}/pictures"
    answer = story.client.post(path, content=data, headers=PNG, params={"at": story.began})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:venue-twin:problem:incident-picture")
    other = story.client.post(
        path, content=png(), headers={"content-type": "text/plain"}, params={"at": story.began}
    )
    assert other.status_code == 422


def test_every_route_needs_a_manager(story: Story) -> None:
    outside = TestClient(story.client.app, "http://example.test", client=("203.0.113.9", 40_000))
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/x/dossier"), ("POST", "/x/pictures")):
        assert outside.request(method, f"/api/incidents{path}").status_code == 401
