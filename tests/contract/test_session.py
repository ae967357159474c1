"""Signing in and out over HTTP, links, keys and the keeping of accounts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from twin.accounts.guard import TRIES
from twin.accounts.roles import Role
from twin.app import assemble
from twin.http.identity import COOKIE
from twin.runtime import Twin, open_twin
from twin.settings import Settings

PASSWORD = "correct horse battery"
LOCAL = ("127.0.0.1", 40_000)
URL = "http://127.0.0.1"


@pytest.fixture
def twin(house: Path, venue: Path, tmp_path: Path) -> Twin:
    return open_twin(Settings(package=house, venue=venue, data=tmp_path / "data"))


@pytest.fixture
def client(twin: Twin) -> Iterator[TestClient]:
    with TestClient(assemble(twin), URL, client=LOCAL) as opened:
        yield opened


def account(client: TestClient, twin: Twin, name: str, role: Role, password: str | None = PASSWORD) -> None:
    assert client.portal is not None
    client.portal.call(twin.accounts.create, name, role, password, "system")


def enter(client: TestClient, **credentials: str) -> Any:
    return client.post("/api/session", json=credentials)


def test_a_person_signs_in_is_known_and_signs_out(client: TestClient, twin: Twin) -> None:
    first = client.get("/api/session").json()
    assert (first["person"], first["role"], first["accounts"], first["demo"]) == (None, "public", False, [])
    account(client, twin, "chen", Role.OPERATOR)
    answer = enter(client, name="Chen", password=PASSWORD)
    assert answer.json()["person"] == {"name": "chen", "display_name": "chen", "role": "operator"}
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith(COOKIE)
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    assert client.get("/api/points").status_code == 200
    assert client.delete("/api/session").status_code == 204
    assert client.cookies == {}
    assert client.get("/api/points").status_code == 401


def test_the_cookie_of_an_encrypted_site_is_never_sent_unencrypted(twin: Twin) -> None:
    with TestClient(assemble(twin), "https://twin.example", client=LOCAL) as client:
        account(client, twin, "chen", Role.OPERATOR)
        assert "secure" in enter(client, name="chen", password=PASSWORD).headers["set-cookie"].lower()


def test_a_signed_out_session_is_over_even_for_whoever_kept_its_cookie(
    client: TestClient, twin: Twin
) -> None:
    account(client, twin, "chen", Role.OPERATOR)
    token = enter(client, name="chen", password=PASSWORD).cookies[COOKIE]
    client.delete("/api/session")
    client.cookies.set(COOKIE, token)
    assert client.get("/api/points").status_code == 401


@pytest.mark.parametrize(
    "body", [{}, {"name": "chen"}, {"link": ""}, {"name": "a", "password": "secret-secret", "link": "b"}]
)
def test_half_credentials_are_refused_without_being_repeated(
    client: TestClient, body: dict[str, str]
) -> None:
    answer = client.post("/api/session", json=body)
    assert answer.status_code == 422
    assert "secret-secret" not in answer.text


def test_wrong_passwords_are_told_alike_and_slowed_down_by_address(client: TestClient, twin: Twin) -> None:
    account(client, twin, "chen", Role.OPERATOR)
    wrong = [enter(client, name=f"nobody{i}", password="guess number one") for i in range(int(TRIES))]
    assert {each.status_code for each in wrong} == {401}
    assert {each.json()["detail"] for each in wrong} == {"the name or the password is wrong"}
    late = enter(client, name="chen", password=PASSWORD)
    assert late.status_code == 429
    assert 1 <= int(late.headers["retry-after"]) <= 10


def test_whoever_is_right_may_sign_in_as_often_as_they_like(client: TestClient, twin: Twin) -> None:
    account(client, twin, "chen", Role.OPERATOR)
    for _ in range(int(TRIES) + 2):
        assert enter(client, name="chen", password=PASSWORD).status_code == 200


def test_a_link_signs_in_once(client: TestClient, twin: Twin) -> None:
    account(client, twin, "root", Role.ADMIN)
    enter(client, name="root", password=PASSWORD)
    client.post("/api/accounts", json={"name": "guest", "role": "member"})
    link = client.post("/api/accounts/guest/links").json()
    assert link["path"] == f"/login?link={link['link']}"
    assert enter(client, link=link["link"]).json()["role"] == "member"
    again = enter(client, link=link["link"])
    assert (again.status_code, "used already" in again.json()["detail"]) == (401, True)


def test_an_admin_keeps_the_accounts_and_the_audit_names_who_did_what(client: TestClient, twin: Twin) -> None:
    account(client, twin, "root", Role.ADMIN)
    enter(client, name="root", password=PASSWORD)
    made = client.post("/api/accounts", json={"name": "li", "role": "member", "password": PASSWORD})
    assert (made.status_code, made.json()["has_password"]) == (201, True)
    again = client.post("/api/accounts", json={"name": "LI", "role": "member"})
    assert again.status_code == 409
    assert client.patch("/api/accounts/li", json={"role": "operator"}).json()["role"] == "operator"
    assert client.patch("/api/accounts/li", json={"disabled": True}).json()["disabled"] is True
    assert [each["name"] for each in client.get("/api/accounts").json()["items"]] == ["li", "root"]
    assert client.patch("/api/accounts/nobody", json={"disabled": True}).status_code == 404
    events = client.get("/api/events", params={"subject": "person:li"}).json()["items"]
    assert [(each["type"], each["actor"]) for each in events] == [
        ("account.created", "person:root"),
        ("account.role_changed", "person:root"),
        ("account.disabled", "person:root"),
    ]


def test_the_last_admin_stays(client: TestClient, twin: Twin) -> None:
    account(client, twin, "root", Role.ADMIN)
    enter(client, name="root", password=PASSWORD)
    for change in ({"role": "manager"}, {"disabled": True}):
        answer = client.patch("/api/accounts/root", json=change)
        assert (answer.status_code, "last admin" in answer.json()["detail"]) == (409, True)
    account(client, twin, "second", Role.ADMIN)
    assert client.patch("/api/accounts/root", json={"role": "manager"}).status_code == 200
    assert client.get("/api/accounts").status_code == 403


def test_a_new_password_and_a_disabled_account_end_the_sessions(client: TestClient, twin: Twin) -> None:
    account(client, twin, "root", Role.ADMIN)
    account(client, twin, "li", Role.OPERATOR)
    li = {"cookie": f"{COOKIE}={enter(client, name='li', password=PASSWORD).cookies[COOKIE]}"}
    enter(client, name="root", password=PASSWORD)
    root = {"cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
    client.cookies.clear()
    assert client.get("/api/points", headers=li).status_code == 200
    client.patch("/api/accounts/li", json={"password": "another good one"}, headers=root)
    assert client.get("/api/points", headers=li).status_code == 401
    li = {"cookie": f"{COOKIE}={enter(client, name='li', password='another good one').cookies[COOKIE]}"}
    client.cookies.clear()
    client.patch("/api/accounts/li", json={"disabled": True}, headers=root)
    assert client.get("/api/points", headers=li).status_code == 401
    client.patch("/api/accounts/li", json={"disabled": False}, headers=root)
    assert client.get("/api/points", headers=li).status_code == 401  # a session that was ended stays so


def test_a_key_acts_as_its_account_until_it_is_revoked(client: TestClient, twin: Twin) -> None:
    account(client, twin, "root", Role.ADMIN)
    enter(client, name="root", password=PASSWORD)
    client.post("/api/accounts", json={"name": "station", "role": "operator"})
    key = client.post("/api/accounts/station/keys", json={"label": "weather"}).json()["key"]
    (shown,) = client.get("/api/accounts/station/keys").json()["items"]
    assert shown["label"] == "weather"
    assert key not in str(shown)
    program = {"authorization": f"Bearer {key}"}
    # The key counts, not the cookie of the admin who tries it.
    assert client.get("/api/accounts", headers=program).status_code == 403
    assert client.post("/api/telemetry", json={"samples": []}, headers=program).status_code == 200
    assert client.delete(f"/api/accounts/root/keys/{shown['id']}").status_code == 404
    assert client.delete(f"/api/accounts/station/keys/{shown['id']}").status_code == 204
    assert client.post("/api/telemetry", json={"samples": []}, headers=program).status_code == 401


def test_demo_links_are_shown_to_this_machine_alone_and_good_as_often_as_one_likes(
    house: Path, tmp_path: Path
) -> None:
    settings = Settings(package=house, data=tmp_path / "data", demo_accounts=True)
    tokens = []
    for _ in range(2):  # the accounts are there already at the second start
        app = assemble(open_twin(settings))
        with TestClient(app, URL, client=LOCAL) as client:
            links = client.get("/api/session").json()["demo"]
            assert [each["role"] for each in links] == ["visitor", "member", "operator", "manager", "admin"]
            for _ in range(2):
                assert enter(client, link=links[3]["link"]).json()["role"] == "manager"
            assert client.get("/api/session", headers={"host": "evil.example"}).json()["demo"] == []
            tokens += [each["link"] for each in links]
        with TestClient(app, URL, client=("192.0.2.7", 1)) as elsewhere:
            assert elsewhere.get("/api/session").json()["demo"] == []
    assert len(set(tokens)) == 10  # those of the last run are good for nothing


def test_a_page_of_another_site_signs_nobody_in(client: TestClient, twin: Twin) -> None:
    account(client, twin, "chen", Role.OPERATOR)
    credentials = {"name": "chen", "password": PASSWORD}
    answer = client.post("/api/session", json=credentials, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert COOKIE not in answer.cookies
