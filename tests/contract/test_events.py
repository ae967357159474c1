"""The log of events over HTTP and by `twin events`: found by place and text, led back to causes, verified."""

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text

from tests.contract.running import ROOT, RunningServer, environment, run_twin, running_server
from tests.contract.small_house import guid_of

WAIT_S = 60.0


def get(http: httpx.Client, path: str, **query: Any) -> Any:
    answer = http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def order(http: httpx.Client, device: str, reason: str) -> str:
    """Send a command; the id of its event."""
    body = {"device": device, "point": "level", "value": 50, "reason": reason}
    answer = http.post("/api/commands", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["event"])


def found(http: httpx.Client, **query: Any) -> set[str]:
    return {event["id"] for event in get(http, "/api/events", limit=1000, **query)["items"]}


@pytest.fixture(scope="module")
def sent(server: RunningServer) -> dict[str, str]:
    """A command to each lamp: lamp 1 hangs in R1 on the first floor, lamp 2 in R3 on the second."""
    with httpx.Client(base_url=server.url, timeout=60) as http:
        return {
            "L-01": order(http, "L-01", "羽毛球馆照明"),
            "L-02": order(http, "L-02", "second floor, lamp"),
        }


def test_events_are_found_by_the_element_that_a_device_stands_for(
    http: httpx.Client, sent: dict[str, str]
) -> None:
    ids = found(http, element=guid_of("L-01"))
    assert sent["L-01"] in ids
    assert sent["L-02"] not in ids
    assert found(http, element=guid_of("Slab 1F")) == set()
    assert found(http, element="none") == set()


def test_events_are_found_by_the_space_that_a_device_is_in(http: httpx.Client, sent: dict[str, str]) -> None:
    assert sent["L-01"] in found(http, space=guid_of("R1"))
    assert sent["L-02"] not in found(http, space=guid_of("R1"))
    assert sent["L-02"] in found(http, space=guid_of("R3"))
    assert found(http, space=guid_of("R2")) == set()
    assert found(http, space=guid_of("R3"), element=guid_of("L-01")) == set()
    assert sent["L-01"] in found(http, space=guid_of("R1"), element=guid_of("L-01"))


@pytest.mark.parametrize(
    ("typed", "device"),
    [("照明", "L-01"), ("毛球", "L-01"), ("L-01", "L-01"), ("second LAMP", "L-02"), ("floor", "L-02")],
)
def test_events_are_found_by_what_somebody_types(
    http: httpx.Client, sent: dict[str, str], typed: str, device: str
) -> None:
    ids = found(http, text=typed)
    assert sent[device] in ids
    assert len(ids & set(sent.values())) == 1


def test_what_cannot_be_understood_is_refused(http: httpx.Client) -> None:
    assert http.get("/api/events", params={"severity": "awful"}).status_code == 422
    assert http.get("/api/events", params={"text": ""}).status_code == 422
    assert http.get("/api/events", params={"cursor": "x"}).status_code == 400
    assert get(http, "/api/events", text="!!")["items"] == []
    for path in ("/api/events/none", "/api/events/none/chain"):
        answer = http.get(path)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:venue-twin:problem:not-found")


def test_a_moment_is_the_same_whatever_clock_it_is_read_from(
    http: httpx.Client, sent: dict[str, str]
) -> None:
    """In the hour that daylight saving repeats, the offset tells the two apart."""
    written = get(http, f"/api/events/{sent['L-01']}")["time"]
    seconds = written[:19]
    assert sent["L-01"] in found(http, **{"from": f"{seconds}Z"})
    assert sent["L-01"] not in found(http, **{"from": f"{seconds}-01:00"})
    assert sent["L-01"] in found(http, **{"from": f"{seconds}+01:00"})


def test_pages_in_both_directions_hold_every_event_once(http: httpx.Client, sent: dict[str, str]) -> None:
    for number in range(5):
        order(http, "L-01", f"page {number}")
    everything = get(http, "/api/events", limit=1000, type="command.*")["items"]
    for newest_first in (False, True):
        seqs, cursor = [], ""
        while cursor is not None:
            page = get(
                http, "/api/events", limit=3, type="command.*", newest_first=newest_first, cursor=cursor
            )
            seqs += [event["seq"] for event in page["items"]]
            cursor = page["next"]
        expected = [event["seq"] for event in everything]
        assert seqs == (expected[::-1] if newest_first else expected)


def test_a_command_leads_back_to_the_person_and_on_to_its_outcome(
    http: httpx.Client, sent: dict[str, str]
) -> None:
    chain = get(http, f"/api/events/{sent['L-01']}/chain")
    assert chain["causes"] == []
    assert [event["type"] for event in chain["effects"]] == ["command.failed"]
    assert chain["origin"]["kind"] == "person"
    failed = chain["effects"][0]
    back = get(http, f"/api/events/{failed['id']}/chain")
    assert [event["id"] for event in back["causes"]] == [sent["L-01"]]
    assert (back["origin"]["event"], back["missing"], back["effects"]) == (sent["L-01"], None, [])


# The command line


@pytest.fixture(scope="module")
def written(house: Path, venue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server that wrote some events and ended."""
    folder = tmp_path_factory.mktemp("written")
    options = ("--venue", str(venue), "--data", str(folder / "data"))
    with running_server(house, folder / "log", *options) as server:
        with httpx.Client(base_url=server.url, timeout=60) as http:
            for number in range(4):
                order(http, "L-01", f"照明 {number}")
        assert server.stop() == 0, server.log.read_text()
    return folder / "data"


@pytest.fixture
def data(written: Path, tmp_path: Path) -> Path:
    """As `written`, to be changed."""
    return shutil.copytree(written, tmp_path / "data")


def changed(data: Path, statement: str) -> None:
    engine = create_engine(f"sqlite:///{data / 'twin.db'}")
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def faults(*arguments: str | Path) -> str:
    """What a command says that must fail: exit 2, one line."""
    done = run_twin("events", *arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_log_is_verified_and_a_change_names_the_first_event(data: Path) -> None:
    done = run_twin("events", "verify", "--data", data, "--json")
    assert done.returncode == 0, done.stderr
    (said,) = json.loads(done.stdout)["checked"]
    assert said["events"] == said["seq"] > 8
    changed(data, "UPDATE event SET actor = 'person:nobody' WHERE seq = 3")
    assert "event 3 (" in faults("verify", "--data", data)


def test_a_tail_that_was_cut_off_shows_and_the_server_says_so_at_its_start(
    data: Path, house: Path, venue: Path, tmp_path: Path
) -> None:
    changed(data, "DELETE FROM event WHERE seq > 5")
    said = faults("verify", "--data", data)
    assert "the log ends with event 5" in said
    assert "are missing" in said
    assert run_twin("events", "verify", "--database", f"sqlite:///{data / 'twin.db'}").returncode == 0
    with running_server(house, tmp_path / "log2", "--venue", str(venue), "--data", str(data)) as server:
        notes = httpx.get(f"{server.url}/api/health").json()["notes"]
        assert any("twin events verify" in note for note in notes)
    assert "are missing" in faults("verify", "--data", data)


def test_an_export_is_verified_by_others_and_holds_the_log_to_what_it_was(data: Path, tmp_path: Path) -> None:
    first, rest, whole = tmp_path / "1.jsonl", tmp_path / "2.jsonl", tmp_path / "all.jsonl"
    assert run_twin("events", "export", whole, "--data", data).returncode == 0
    lines = whole.read_text("utf-8").splitlines()
    middle = json.loads(lines[4])["time"]
    assert run_twin("events", "export", first, "--to", middle, "--data", data).returncode == 0
    assert run_twin("events", "export", rest, "--from", middle, "--data", data).returncode == 0
    done = run_twin("events", "verify", first, rest, "--json")
    assert done.returncode == 0, done.stderr
    counts = [each["events"] for each in json.loads(done.stdout)["checked"]]
    assert sum(counts) == len(lines) - 2
    assert "begins after" in faults("verify", rest, first)
    assert run_twin("events", "verify", whole, "--data", data).returncode == 0
    # All of it forged anew, with hashes that fit: only what others keep shows it.
    forge(data)
    for anchors in data.glob("events.anchors*"):
        anchors.unlink()
    assert run_twin("events", "verify", "--data", data).returncode == 0
    assert "is not the one noted in all.jsonl" in faults("verify", whole, "--data", data)


def forge(data: Path) -> None:
    """Change an event and make every hash after it anew, as whoever owns the database can."""
    code = (
        "import sqlite3, json, sys\n"
        "from dataclasses import replace\n"
        "from twin.events.event import Event, GENESIS, chained\n"
        "base = sqlite3.connect(sys.argv[1]); before = GENESIS\n"
        "for row in base.execute('SELECT seq,id,time_ms,type,subject,actor,cause,data,hash FROM event "
        "ORDER BY seq').fetchall():\n"
        "    event = Event(*row[:7], json.loads(row[7]), '')\n"
        "    event = replace(event, actor='person:nobody') if event.seq == 3 else event\n"
        "    before = chained(event, before)\n"
        "    base.execute('UPDATE event SET actor = ?, hash = ? WHERE seq = ?', "
        "(event.actor, before, event.seq))\n"
        "base.commit()\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(data / "twin.db")], cwd=ROOT, check=True, env=environment()
    )


def test_docs_check_an_export_without_our_code(data: Path, tmp_path: Path) -> None:
    """The program that `docs/events.md` shows to a third party."""
    shown = (ROOT / "docs" / "events.md").read_text("utf-8").split("```python\n")[1].split("```")[0]
    program, file = tmp_path / "check.py", tmp_path / "events.jsonl"
    program.write_text(shown, "utf-8")
    assert run_twin("events", "export", file, "--data", data).returncode == 0
    command = [sys.executable, "-I", str(program), str(file)]
    assert subprocess.run(command, check=False, cwd=tmp_path).returncode == 0
    file.write_text(file.read_text("utf-8").replace("照明 2", "照明 3", 1), "utf-8")
    assert subprocess.run(command, check=False, cwd=tmp_path, stderr=subprocess.DEVNULL).returncode != 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["verify"], "FILE"),
        (["verify", "missing.jsonl"], "missing.jsonl"),
        (["verify", "--data", "nowhere"], "there is no database"),
        (["export", "x.jsonl"], "--package"),
        (["export", "x.jsonl", "--data", "nowhere"], "there is no database"),
        (["export", "x.jsonl", "--data", "nowhere", "--from", "noon"], "--from"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], says: str, tmp_path: Path) -> None:
    arguments = [str(tmp_path / "nowhere") if each == "nowhere" else each for each in arguments]
    assert says in faults(*arguments)
    assert not (tmp_path / "nowhere").exists()


# A full disk


@pytest.fixture
def limited(house: Path, venue: Path, tmp_path: Path) -> Iterator[RunningServer]:
    options = ("--venue", str(venue), "--data", str(tmp_path / "data"))
    with running_server(house, tmp_path / "log", *options) as server:
        yield server


def test_a_full_disk_is_a_503_that_says_so_and_the_server_goes_on(
    limited: RunningServer, tmp_path: Path
) -> None:
    """The largest file that the process may write stands in for the disk."""
    before = resource.prlimit(limited.process.pid, resource.RLIMIT_FSIZE)
    with httpx.Client(base_url=limited.url, timeout=30) as http:
        kept = order(http, "L-01", "first")
        resource.prlimit(limited.process.pid, resource.RLIMIT_FSIZE, (512, before[1]))
        body = {"device": "L-01", "point": "level", "value": 20}
        refused = http.post("/api/commands", json=body)
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert refused.json()["type"] == "urn:venue-twin:problem:database-away"
        assert "make room" in refused.json()["detail"]
        assert get(http, f"/api/events/{kept}")["id"] == kept, "what is there can be read"
        resource.prlimit(limited.process.pid, resource.RLIMIT_FSIZE, before)
        deadline = time.monotonic() + WAIT_S
        while http.post("/api/commands", json=body).status_code != 202:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert kept in found(http, text="first")
    assert limited.stop() == 0
    done = run_twin("events", "verify", "--data", tmp_path / "data")
    assert done.returncode == 0, done.stderr
