"""An archive is made on one server and shown by another, to the bit; forged ones are refused."""

import hashlib
import io
import json
import shutil
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from starlette.testclient import TestClient

from telemetry_bridge.wire import decode_frame
from tests.contract.small_house import guid_of
from tests.twin.incidents.house import go_wrong, got, now, serving, settings_of, shown_level
from tests.twin.incidents.pictures import png
from twin.archive.command import check_incident
from twin.archive.opening import archive_app, open_archive
from twin.incidents import pdf
from twin.incidents.errors import ArchiveError, ExportUnableError
from twin.incidents.unpacking import unpack
from twin.settings import Settings

FRAME = {"accept": "application/octet-stream"}
MOST = 1 << 30
Change = Callable[[dict[str, bytes]], None]


@dataclass(frozen=True)
class Exported:
    """An archive with the model, one without, and the server that made them."""

    client: TestClient
    settings: Settings
    began: str
    ended: str
    report: dict[str, Any]
    file: Path
    light: Path
    late: Path
    """Of a time that begins after the alarm was raised."""

    @property
    def moments(self) -> list[str]:
        """The beginning, the moment that matters, and the end."""
        return [self.report["from"], self.report["at"], self.report["to"]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    work = tmp_path_factory.mktemp("archive")
    settings = settings_of(work)
    with serving(settings) as client:
        began, ended, alarm = go_wrong(client)
        body = {"title": "灯光故障", "from": began, "to": ended, "alarm": alarm, "summary": "值班时灯变暗"}
        path = f"/api/incidents/{client.post('/api/incidents', json=body).json()['id']}"
        headers = {"content-type": "image/png"}
        client.post(f"{path}/pictures", content=png(40, 30), headers=headers, params={"at": began})
        report = got(client, path)
        taken = got(client, "/api/events", type="alarm.acknowledged")["items"][0]["time"]
        after = client.post("/api/incidents", json=body | {"from": taken}).json()["id"]
        wanted = {"full": (path, True), "light": (path, False), "late": (f"/api/incidents/{after}", True)}
        for name, (each, model) in wanted.items():
            answer = client.post(f"{each}/archive", params={"model": model})
            assert answer.status_code == 200, answer.text
            (work / f"{name}.twinincident").write_bytes(answer.content)
        files = [work / f"{name}.twinincident" for name in wanted]
        yield Exported(client, settings, began, ended, report, *files)


@contextmanager
def opened(file: Path, package: Path | None = None) -> Iterator[TestClient]:
    """The archive served in a folder that knows nothing of the first server."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        unpacked = unpack(file, work / "archive", MOST)
        (work / "data").mkdir()
        twin = open_archive(unpacked, work / "data", package, {})
        with TestClient(archive_app(twin), "http://127.0.0.1", client=("127.0.0.1", 40_001)) as client:
            yield client


@pytest.fixture(scope="module")
def shown(exported: Exported) -> Iterator[TestClient]:
    with opened(exported.file) as client:
        yield client


def test_the_state_of_each_moment_is_the_same_to_the_bit(exported: Exported, shown: TestClient) -> None:
    for moment in exported.moments:
        frames = [
            client.get("/api/state", params={"at": moment}, headers=FRAME).content
            for client in (exported.client, shown)
        ]
        assert frames[0] == frames[1]
        assert len(decode_frame(frames[0])) > 0
        told = [got(client, "/api/state", at=moment) for client in (exported.client, shown)]
        assert told[0]["items"] == told[1]["items"]
        assert (told[0]["gap"], told[0]["gone"]) == (told[1]["gap"], told[1]["gone"])


def test_the_events_are_the_same_to_the_bit(exported: Exported, shown: TestClient) -> None:
    span = {"from": exported.report["from"], "to": exported.report["to"], "limit": 1000}
    there, here = (got(client, "/api/events", **span)["items"] for client in (exported.client, shown))
    assert there == here
    assert {"alarm.raised", "workorder.verified"} <= {each["type"] for each in here}


def test_the_history_of_a_point_is_the_same(exported: Exported, shown: TestClient) -> None:
    span = {"from": exported.report["from"], "to": exported.report["to"]}
    for most in (0, 3, 1000):
        there, here = (
            got(client, "/api/history/L-01/level", **span, max_points=most)
            for client in (exported.client, shown)
        )
        assert (there["items"], there["before"], there["unit"]) == (
            here["items"],
            here["before"],
            here["unit"],
        )


def test_the_report_can_be_read_in_the_archive(exported: Exported, shown: TestClient) -> None:
    path = f"/api/incidents/{exported.report['id']}"
    assert got(shown, path) == exported.report
    picture = exported.report["pictures"][0]["id"]
    assert shown.get(f"{path}/pictures/{picture}.png").content == png(40, 30)
    there, here = (got(client, f"{path}/dossier") for client in (exported.client, shown))
    assert [each["text"] for each in there["entries"]] == [each["text"] for each in here["entries"]]
    assert there["points"] == here["points"]
    assert there["responses"] == here["responses"]


def test_the_archive_ends_when_it_ends_and_says_that_it_is_one(exported: Exported, shown: TestClient) -> None:
    film = got(shown, "/api/film")
    assert film["recording"] is False
    assert abs(milliseconds(film["first"]) - milliseconds(exported.report["from"])) <= 1
    assert milliseconds(film["last"]) <= milliseconds(exported.report["to"]) + 1
    now = got(shown, "/api/health")["time"]
    assert abs(milliseconds(now) - milliseconds(exported.report["to"])) < 1000
    note = got(shown, "/api/incidents/archive")["archive"]
    assert (note["incident"], note["title"], note["made_by"]) == (exported.report["id"], "灯光故障", "dev")
    assert got(exported.client, "/api/incidents/archive") == {"archive": None}
    too_early = shown.get("/api/state", params={"at": "2020-01-01T00:00:00Z"})
    assert too_early.status_code == 404
    assert got(shown, "/api/model")["revision"] == got(exported.client, "/api/model")["revision"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/telemetry"),
        ("PUT", "/api/bindings"),
        ("POST", "/api/incidents"),
        ("DELETE", "/api/session"),
    ],
)
def test_nothing_in_it_can_be_changed(shown: TestClient, method: str, path: str) -> None:
    before = got(shown, "/api/events", newest_first=True, limit=1)
    answer = shown.request(method, path, json={})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:venue-twin:problem:archive-read-only")
    assert got(shown, "/api/events", newest_first=True, limit=1) == before


def test_it_is_replayed_in_the_ordinary_way(exported: Exported, shown: TestClient) -> None:
    with shown.websocket_connect("ws://127.0.0.1/ws/replay") as socket:
        socket.send_json({"type": "seek", "time": exported.report["at"]})
        message = socket.receive()
        while not message.get("bytes"):
            assert message["type"] == "websocket.send", message
            message = socket.receive()
    expected = shown.get("/api/state", params={"at": exported.report["at"]}, headers=FRAME).content
    frames = decode_frame(message["bytes"]), decode_frame(expected)
    assert frames[0].replay
    assert frames[0].value.tobytes() == frames[1].value.tobytes()
    assert frames[0].quality.tobytes() == frames[1].quality.tobytes()


def test_without_its_model_it_opens_with_the_right_one_alone(
    exported: Exported, tmp_path: Path, palace_free: Path
) -> None:
    with opened(exported.light, exported.settings.package) as client:
        assert got(client, "/api/incidents/archive")["archive"]["title"] == "灯光故障"
    with (
        pytest.raises(ArchiveError, match=r"comes without its model .*--package DIR"),
        opened(exported.light),
    ):
        pass
    with pytest.raises(ArchiveError, match="is revision"), opened(exported.light, palace_free):
        pass


@pytest.fixture
def palace_free(exported: Exported, tmp_path: Path) -> Path:
    """A model of another revision."""
    other = tmp_path / "other.twin"
    shutil.copytree(exported.settings.package, other)
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps(manifest | {"revision": "0" * 12}))
    return other


def test_what_is_in_it_others_can_read(exported: Exported) -> None:
    with zipfile.ZipFile(exported.file) as archive:
        table = pyarrow.parquet.read_table(io.BytesIO(archive.read("film/samples.parquet"))).to_pylist()
        levels = [each["value"] for each in table if (each["device"], each["point"]) == ("L-01", "level")]
        assert 5.0 in levels
        assert 65.5 in levels
        lines = archive.read("events.jsonl").decode().splitlines()
        assert json.loads(lines[0])["type"].startswith("alarm.")
        assert archive.read("report.pdf").startswith(b"%PDF")
        names = archive.namelist()
        assert names[0] == "manifest.json"
        assert not [name for name in names if "adapters" in name or "rebuild.cache" in name]
        manifest = json.loads(archive.read("manifest.json"))
        for name, part in manifest["parts"].items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == part["sha256"]


def test_a_machine_without_pango_makes_an_archive_that_says_so(
    exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent() -> None:
        raise ExportUnableError(f"PDF needs Pango; {pdf.NEEDED}", "pango")

    monkeypatch.setattr(pdf, "_weasyprint", absent)
    answer = exported.client.post(f"/api/incidents/{exported.report['id']}/archive", params={"model": False})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "report.pdf" not in archive.namelist()
        assert "libpango" in json.loads(archive.read("manifest.json"))["report"]


def test_nothing_is_left_behind(exported: Exported) -> None:
    assert not list(exported.settings.data_folder.glob(".incident-*"))
    exports = got(exported.client, "/api/events", type="incident.exported")["items"]
    digest = hashlib.sha256(exported.file.read_bytes()).hexdigest()
    assert digest in [each["data"]["sha256"] for each in exports]


def test_a_time_without_film_has_no_archive(exported: Exported) -> None:
    body = {"title": "x", "from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z", "points": []}
    made = exported.client.post("/api/incidents", json=body).json()
    answer = exported.client.post(f"/api/incidents/{made['id']}/archive")
    assert (answer.status_code, answer.json()["reason"]) == (422, "unrecorded")


def test_it_is_checked_without_being_opened(exported: Exported, capsys: pytest.CaptureFixture[str]) -> None:
    check_incident(exported.light, most_bytes=MOST)
    said = capsys.readouterr().out
    assert "灯光故障" in said
    assert "every hash is right" in said
    assert "not included" in said


# Archives that somebody tampered with


def forged(source: Path, target: Path, change: Change, *, sealed: bool = True) -> Path:
    """The archive with changed parts; `sealed`: the manifest's hashes are put right again."""
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    if sealed:
        manifest = json.loads(parts["manifest.json"])
        manifest["parts"] = {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in parts.items()
            if name != "manifest.json"
        }
        parts["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return target


def in_manifest(**changes: Any) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        parts["manifest.json"] = json.dumps(json.loads(parts["manifest.json"]) | changes).encode()

    return change


def named(name: str, data: bytes) -> Change:
    return lambda parts: parts.update({name: data})


def replaced(name: str, old: bytes, new: bytes) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new)

    return change


def less(name: str) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        del parts[name]

    return change


def in_film(**changes: Any) -> Change:
    def change(parts: dict[str, bytes]) -> None:
        manifest = json.loads(parts["manifest.json"])
        manifest["film"] |= changes
        parts["manifest.json"] = json.dumps(manifest).encode()

    return change


@pytest.mark.parametrize(
    ("change", "sealed", "message"),
    [
        (named("incident.json", b"{}"), False, "another size"),
        (replaced("events.jsonl", "去看看".encode(), "别去了".encode()), False, "its hash is wrong"),
        (replaced("events.jsonl", "去看看".encode(), "别去了".encode()), True, "event .* was changed"),
        (named("../outside.txt", b"x"), True, "outside of it"),
        (named("/etc/passwd", b"x"), True, "outside of it"),
        (named("a/../../b", b"x"), True, "outside of it"),
        (named("C:\\x", b"x"), True, "outside of it"),
        (named("nul.txt", b"x"), True, "outside of it"),
        (named("stray.txt", b"x"), False, "does not name"),
        (less("incident.json"), False, "lacks"),
        (less("film/samples.parquet"), True, "lacks"),
        (less("manifest.json"), False, "no manifest"),
        (in_manifest(format="zip"), True, "of something else"),
        (in_manifest(version=2), True, "is of version 2; this program reads version 1"),
        (in_manifest(extra=1), True, "manifest is damaged"),
        (named("manifest.json", b"[" * 100_000), False, "manifest is no JSON"),
        (named("manifest.json", b"\xff\xfe"), False, "no JSON"),
        (in_film(joints_ms=[5.0, 4.0]), True, "make no sense"),
        (in_film(registered=10**9), True, "more points than it lists"),
        (in_film(samples=1), True, "another number of samples"),
        (in_film(registry="other"), True, "of other devices"),
        (named("film/samples.parquet", b"PAR1 nothing PAR1"), True, "samples cannot be read"),
        (named("film/points.json", b'[{"row": 0}]'), True, "list of points is damaged"),
        (named("bindings.json", b'{"L-01": 3}'), True, "bindings are damaged"),
        (named("scenes.json", b'{"scenes": []}'), True, "scenes .* are damaged"),
        (named("scenes.json", b'{"scenes": [], "bindings": {"x": {}}}'), True, "scenes .* are damaged"),
        (replaced("scenes.json", b'"from_ms": 1', b'"from_ms": NaN, "x": 1'), True, "scenes .* are damaged"),
        (replaced("venue/venue.yaml", b"Asia/Shanghai", b"Asia/Atlantis"), True, "venue cannot be opened"),
        (replaced("venue/devices.csv", b"L-02", b"L-03"), True, "of other devices"),
        (replaced("incident.json", b'"from_ms"', b'"form_ms"'), True, "record of the incident is damaged"),
    ],
)
def test_a_forged_archive_is_refused(
    exported: Exported, tmp_path: Path, change: Change, sealed: bool, message: str
) -> None:
    file = forged(exported.file, tmp_path / "forged.twinincident", change, sealed=sealed)
    with pytest.raises(ArchiveError, match=message), opened(file):
        pass
    assert not (tmp_path / "outside.txt").exists()


def test_what_happened_before_comes_along_and_cannot_be_forged(exported: Exported, tmp_path: Path) -> None:
    with zipfile.ZipFile(exported.late) as archive:
        earlier = [json.loads(line) for line in archive.read("context.jsonl").splitlines()]
    assert "alarm.raised" in [each["type"] for each in earlier]
    with opened(exported.late) as client:
        alarms = got(client, "/api/alarms", state="all")["items"]
        assert [(each["rule"], each["state"]) for each in alarms] == [("dim", "normal")]
    change = replaced("context.jsonl", b"alarm.raised", b"alarm.closed")
    file = forged(exported.late, tmp_path / "forged.twinincident", change)
    with pytest.raises(ArchiveError, match=r"earlier event .* was changed"), opened(file):
        pass


def test_a_picture_that_is_none_is_refused(exported: Exported, tmp_path: Path) -> None:
    name = f"pictures/{exported.report['pictures'][0]['id']}.png"
    file = forged(exported.file, tmp_path / "forged.twinincident", named(name, b"GIF89a"))
    with pytest.raises(ArchiveError, match=r"picture .* no PNG"), opened(file):
        pass


def test_a_bomb_is_not_unpacked(exported: Exported, tmp_path: Path) -> None:
    file = forged(exported.file, tmp_path / "bomb.twinincident", named("model/zeros", bytes(64 << 20)))
    assert file.stat().st_size < 8 << 20
    with pytest.raises(ArchiveError, match=r"unpacks to .* bytes"):
        unpack(file, tmp_path / "target", 32 << 20)
    assert not (tmp_path / "target" / "model").exists()


def test_a_part_that_swells_beyond_what_it_says_is_stopped(exported: Exported, tmp_path: Path) -> None:
    """The size stands in the zip's list and in the manifest; both may lie, and the data be longer."""

    def lying(parts: dict[str, bytes]) -> None:
        parts["model/zeros"] = bytes(1 << 20)

    file = forged(exported.file, tmp_path / "lie.twinincident", lying)
    data = bytearray(file.read_bytes())
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["parts"]["model/zeros"]["bytes"] == 1 << 20
    size = struct.pack("<L", 1 << 20)
    place = data.rfind(size, 0, data.rfind(b"model/zeros"))
    data[place : place + 4] = struct.pack("<L", 1000)
    file.write_bytes(bytes(data))
    with pytest.raises(ArchiveError, match="another size"):
        unpack(file, tmp_path / "target", MOST)


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip" * 1000, b"PK\x05\x06" + bytes(18)])
def test_what_is_no_zip_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x.twinincident"
    file.write_bytes(data)
    with pytest.raises(ArchiveError):
        unpack(file, tmp_path / "target", MOST)


def test_a_truncated_or_flipped_archive_is_refused(exported: Exported, tmp_path: Path) -> None:
    whole = exported.light.read_bytes()
    target = tmp_path / "x.twinincident"
    for place in range(200, len(whole), len(whole) // 40):
        target.write_bytes(whole[:place])
        with pytest.raises(ArchiveError):
            unpack(target, tmp_path / f"cut{place}", MOST)


def test_links_and_folders_are_refused(exported: Exported, tmp_path: Path) -> None:
    for attribute in (0o120777 << 16, 0o040755 << 16):
        target = tmp_path / f"{attribute}.twinincident"
        shutil.copy(exported.light, target)
        with zipfile.ZipFile(exported.light) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(target, "w") as archive:
            for name, data in parts.items():
                entry = zipfile.ZipInfo(name)
                entry.external_attr = attribute if name == "README.txt" else 0o644 << 16
                archive.writestr(entry, data)
        with pytest.raises(ArchiveError, match="no plain file"):
            unpack(target, tmp_path / f"t{attribute}", MOST)


def milliseconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000.0


def bound_to(client: TestClient, device: str, **query: str) -> str | None:
    items = got(client, "/api/bindings", **query)["items"]
    found: str | None = next(each["element"] for each in items if each["device"] == device)
    return found


def test_devices_stand_in_an_archive_where_they_stood(exported: Exported, tmp_path: Path) -> None:
    client, elsewhere = exported.client, guid_of("Wall south 1F")
    stood = bound_to(client, "L-02")
    client.put("/api/bindings", json={"items": [{"device": "L-02", "element": elsewhere}]}).raise_for_status()
    shown_level(client, 33.0)
    ended = now()
    body = {"title": "后来改绑", "from": exported.report["from"], "to": ended, "at": exported.report["at"]}
    incident = client.post("/api/incidents", json=body).json()["id"]
    answer = client.post(f"/api/incidents/{incident}/archive", params={"model": True})
    client.put("/api/bindings", json={"items": [{"device": "L-02", "element": stood}]}).raise_for_status()
    assert answer.status_code == 200, answer.text
    file = tmp_path / "rebound.twinincident"
    file.write_bytes(answer.content)
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    then = got(client, "/api/bindings", at=exported.report["at"])
    assert (manifest["scene"]["revision"], manifest["scene"]["bindings"]) == (then["revision"], then["hash"])
    with opened(file) as past:
        assert bound_to(past, "L-02") == stood
        assert bound_to(past, "L-02", at=exported.report["at"]) == stood
        assert bound_to(past, "L-02", at=ended) == elsewhere
        assert got(past, "/api/state", at=ended)["rebound"] == 1
