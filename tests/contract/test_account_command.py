"""`twin account`, from the command line to the sign-in."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.contract.running import ROOT, environment
from twin.app import assemble
from twin.runtime import open_twin
from twin.settings import Settings, StoreSettings

PASSWORD = "correct horse battery"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def account(data: Path, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "twin.cli", "account", *arguments, "--data", str(data)]
    return subprocess.run(
        command,
        cwd=ROOT,
        input=said,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment(),
    )


@pytest.fixture
def client(house: Path, data: Path) -> Iterator[TestClient]:
    with TestClient(assemble(open_twin(Settings(package=house, data=data))), "http://127.0.0.1") as opened:
        yield opened


def test_the_first_admin_is_made_before_the_server_ever_ran(data: Path, house: Path) -> None:
    made = account(data, "add", "root", "--role", "admin", said=f"{PASSWORD}\n")
    assert (made.returncode, PASSWORD in made.stdout + made.stderr) == (0, False)
    with TestClient(assemble(open_twin(Settings(package=house, data=data))), "http://127.0.0.1") as client:
        answer = client.post("/api/session", json={"name": "root", "password": PASSWORD})
        assert answer.json()["role"] == "admin"


def test_links_and_keys_that_it_prints_are_good_while_the_server_runs(client: TestClient, data: Path) -> None:
    made = account(data, "add", "guest", "--role", "operator", "--link")
    path = made.stdout.strip()
    assert path.startswith("/login?link=")
    assert client.post("/api/session", json={"link": path.partition("=")[2]}).json()["role"] == "operator"
    client.cookies.clear()
    key = account(data, "key", "guest", "--label", "meter").stdout.strip()
    headers = {"authorization": f"Bearer {key}"}
    assert client.get("/api/points", headers=headers).status_code == 200
    account(data, "role", "guest", "member")
    assert client.get("/api/points", headers=headers).status_code == 403
    account(data, "disable", "guest")
    assert client.get("/api/points", headers=headers).status_code == 401
    assert "no: disabled" in account(data, "list").stdout
    account(data, "enable", "guest")
    assert client.get("/api/points", headers=headers).status_code == 403


def test_a_new_password_counts_at_once(client: TestClient, data: Path) -> None:
    account(data, "add", "chen", "--role", "member", said=f"{PASSWORD}\n")
    account(data, "password", "chen", said="another good one\n")
    old = client.post("/api/session", json={"name": "chen", "password": PASSWORD})
    new = client.post("/api/session", json={"name": "chen", "password": "another good one"})
    assert (old.status_code, new.status_code) == (401, 200)


@pytest.mark.parametrize(
    ("arguments", "said", "expected"),
    [
        (["add", "chen", "--role", "king"], PASSWORD, "visitor, member"),
        (["add", "chen", "--role", "member"], "short", "10 to 256"),
        (["add", "chen", "--role", "member"], "", "10 to 256"),
        (["add", "陈", "--role", "member"], PASSWORD, "a name has"),
        (["disable", "nobody"], "", "there is no account nobody"),
        (["link", "nobody"], "", "there is no account nobody"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    data: Path, arguments: list[str], said: str, expected: str
) -> None:
    done = account(data, *arguments, said=f"{said}\n")
    assert done.returncode == 2
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_it_says_when_it_cannot_know_which_twin_is_meant() -> None:
    command = [sys.executable, "-m", "twin.cli", "account", "list"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env=environment()
    )
    assert (done.returncode, "--package" in done.stderr) == (2, True)


def test_the_database_is_found_as_the_server_finds_it(tmp_path: Path) -> None:
    package, data = tmp_path / "hall.twin", tmp_path / "elsewhere"
    assert StoreSettings(package=package).database_url() == f"sqlite:///{tmp_path / 'hall.data' / 'twin.db'}"
    assert StoreSettings(package=package, data=data).database_url() == f"sqlite:///{data / 'twin.db'}"
    url = "postgresql://twin@db/venue"
    assert StoreSettings(package=package, data=data, database=url).database_url() == url
