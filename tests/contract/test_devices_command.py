"""`twin devices`, from the command line to the server and to a broker's files."""

import csv
import io
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.contract.running import ROOT, environment
from tests.contract.small_house import write_venue
from twin.app import assemble
from twin.runtime import open_twin
from twin.settings import Settings


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def where(house: Path, venue: Path, data: Path) -> list[str]:
    return ["--package", str(house), "--venue", str(venue), "--data", str(data)]


def devices(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "twin.cli", "devices", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env=environment()
    )


def issued(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_a_secret_from_the_command_line_is_good_at_the_server_until_it_is_revoked(
    where: list[str], house: Path, venue: Path, data: Path
) -> None:
    first, second = issued(devices("issue", "L-01", "L-02", *where))
    assert (first["device"], first["username"], second["username"]) == ("L-01", "L-01~1", "L-02~1")
    app = assemble(open_twin(Settings(package=house, venue=venue, data=data)))
    with TestClient(app, "http://127.0.0.1") as client:
        body = {"samples": [{"device": "L-01", "point": "status", "value": "on"}]}
        signed = {"authorization": f"Bearer {first['secret']}"}
        assert client.post("/api/telemetry", json=body, headers=signed).json()["accepted"] == 1
        gone = devices("revoke", "L-01", "--data", data)
        assert "L-01~1 can sign in no more" in gone.stderr
        assert client.portal is not None
        client.portal.call(app.state.twin.gate.refresh, app.state.twin.devices.keyring)
        assert client.post("/api/telemetry", json=body, headers=signed).status_code == 401


def test_rotation_is_shown_without_secrets(where: list[str], data: Path) -> None:
    (old,) = issued(devices("issue", "L-01", *where))
    (new,) = issued(devices("issue", "L-01", "--rotate", "--grace-hours", "2", *where))
    shown = devices("secrets", "--data", data).stdout
    lines = {line.split()[0]: line.split()[1] for line in shown.splitlines()[1:]}
    assert lines == {"L-01~1": "ending", "L-01~2": "good"}
    assert old["secret"] not in shown
    assert new["secret"] not in shown


def test_a_glob_means_all_that_fit_it_once(where: list[str]) -> None:
    made = issued(devices("issue", "L-*", "L-02", *where))
    assert [each["username"] for each in made] == ["L-01~1", "L-02~1"]


def test_an_unknown_device_gets_none_and_nobody_does(where: list[str], data: Path) -> None:
    done = devices("issue", "L-01", "L-09", *where)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no device 'L-09'" in done.stderr
    assert "no device has a secret" in devices("secrets", "--data", data).stdout


def test_tables_go_out_and_come_back(where: list[str], tmp_path: Path) -> None:
    table = tmp_path / "devices.csv"
    assert devices("export", table, *where).returncode == 0
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig"))))
    assert [row["device"] for row in rows] == ["L-01", "L-02", "R1-T"]
    table.write_text("device,model,installed\nL-01,M5,2025-01-01\n", "utf-8")
    assert "1 devices would change" in devices("import", table, "--dry-run", *where).stderr
    assert "1 devices changed" in devices("import", table, *where).stderr
    assert ",M5," in devices("export", "-", *where).stdout
    table.write_text("device,installed\nL-01,soon\nL-09,\n", "utf-8")
    done = devices("import", table, *where)
    assert done.returncode == 2
    assert "devices.csv:2" in done.stderr
    assert "devices.csv:3" in done.stderr


def test_the_table_is_the_servers_with_what_rules_bind(house: Path, data: Path, tmp_path: Path) -> None:
    venue = write_venue(tmp_path / "venue")
    rows = "device,type,name_zh,name_en,guid,tag\nL-01,lamp,灯一,Lamp 1,,L-01\n"
    (venue / "devices.csv").write_text(rows, "utf-8")
    (venue / "bindings.yaml").write_text("- {id: own-tag, by: tag, key: '{tag}', bind: true}\n", "utf-8")
    where = ["--package", str(house), "--venue", str(venue), "--data", str(data)]
    table = tmp_path / "devices.csv"
    assert devices("export", table, *where).returncode == 0
    app = assemble(open_twin(Settings(package=house, venue=venue, data=data, dev=True)))
    with TestClient(app, "http://127.0.0.1", client=("127.0.0.1", 1)) as client:
        served = client.get("/api/devices/table.csv").content
    assert table.read_bytes() == served
    (row,) = csv.DictReader(io.StringIO(table.read_text("utf-8-sig")))
    assert row["element"]


def test_what_mosquitto_needs_is_written_whole_and_kept_private(where: list[str], tmp_path: Path) -> None:
    issued(devices("issue", "L-01", *where))
    folder, url = tmp_path / "mosquitto", "mqtt://server:secret@127.0.0.1"
    done = devices("export-mosquitto", folder, "--mqtt", url, *where)
    assert done.returncode == 0, done.stderr
    passwords, topics = folder / "passwords", folder / "topics"
    assert [line.split(":")[0] for line in passwords.read_text().splitlines()] == ["server", "L-01~1"]
    assert "topic write twin/small/devices/L-01/telemetry" in topics.read_text()
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    passwords.chmod(0o640)
    devices("export-mosquitto", folder, "--mqtt", url, *where)
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o640
    assert sorted(path.name for path in folder.iterdir()) == ["passwords", "topics"]


def test_without_a_user_for_the_server_nothing_is_written(where: list[str], tmp_path: Path) -> None:
    done = devices("export-mosquitto", tmp_path / "mosquitto", *where)
    assert done.returncode == 2
    assert "user of its own" in done.stderr
    assert not (tmp_path / "mosquitto").exists()
