"""Who gets in where: every route says a role, and lets in those who have it and nobody else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from twin.accounts.roles import Role
from twin.app import assemble, describe_api
from twin.http import identity, streams
from twin.http.access import access_table
from twin.panels import PANELS as PANEL_LIST
from twin.panels.panel import Panel
from twin.runtime import Twin, open_twin
from twin.settings import Settings

HOST = "http://127.0.0.1"
CLIENT = ("127.0.0.1", 40_000)

#: Method and path of every route of the twin itself; panels say their own.
EXPECTED = {
    Role.PUBLIC: """
        GET /api/health · GET /api/session · POST /api/session · DELETE /api/session · GET /api/model
        GET /api/model/columns · GET /api/model/boxes · GET /api/model/differences
        GET /api/elements · GET /api/storeys · GET /api/spaces · GET /api/plans/{storey}
        GET /api/spatial/locate · GET /api/spatial/nearest · GET /api/route
        GET /api/poi · GET /api/pois · GET /tiles/{name:path} · HEAD /tiles/{name:path} · GET /docs
        GET /docs/start.js · GET /docs/assets/{name} · POST /api/hooks/{hook}
    """,
    Role.OPERATOR: """
        GET /api/elements/{guid} · GET /api/elements/{guid}/cameras · GET /api/layers · GET /api/cameras
        GET /api/points · GET /api/devices · GET /api/state · POST /api/telemetry · GET /api/alarms
        GET /api/alarms/counts
        POST /api/alarms/acknowledge · GET /api/alarms/{alarm}
        POST /api/alarms/{alarm}/acknowledge · POST /api/alarms/{alarm}/close
        POST /api/alarms/{alarm}/shelve · POST /api/alarms/{alarm}/unshelve · GET /api/rules
        GET /api/bindings · GET /api/history/{device}/{point} · WS /ws/live
        GET /api/history/{device}/{point}/aggregates · GET /api/aggregates
        GET /api/commands · POST /api/commands · GET /api/bridge
        GET /api/devices/facts · GET /api/devices/refused · GET /api/devices/table.csv
        GET /api/bindings/report · GET /api/bindings/table.csv
        GET /api/devices/{device}/facts · PUT /api/devices/{device}/maintenance
    """,
    Role.MANAGER: """
        PATCH /api/devices/{device}/facts · POST /api/devices/table
        POST /api/bindings/accept · POST /api/bindings/reject · POST /api/bindings/table
        POST /api/bridge/reload · GET /api/events/{event} · GET /api/events/{event}/chain
        PUT /api/bindings · GET /api/film · WS /ws/replay · GET /api/events · GET /api/events/density
        GET /api/history.parquet
    """,
    Role.ADMIN: """
        GET /api/accounts · POST /api/accounts · PATCH /api/accounts/{name} · POST /api/accounts/{name}/links
        GET /api/accounts/{name}/keys · POST /api/accounts/{name}/keys
        DELETE /api/accounts/{name}/keys/{key}
        POST /api/devices/secrets · GET /api/devices/{device}/secrets · DELETE /api/devices/{device}/secrets
    """,
}
ROUTES = access_table(describe_api())


def expected() -> dict[str, Role]:
    return {
        route.strip(): role
        for role, text in EXPECTED.items()
        for route in re.split(r"·|\n", text)
        if route.strip()
    }


def test_every_route_says_a_role_and_the_twins_own_are_as_agreed() -> None:
    found = {f"{each.method} {each.path}": each.role for each in ROUTES}
    assert None not in found.values()
    own = {route: role for route, role in found.items() if route in expected()}
    assert own == expected()
    others = [route for route in found if route not in own]
    known_panels = {each.router.prefix for each in PANEL_LIST}
    assert [route for route in others if not any(f" {prefix}" in route for prefix in known_panels)] == []


def test_a_route_without_a_role_keeps_the_server_from_starting(house: Path, tmp_path: Path) -> None:
    router = APIRouter(prefix="/api/open")
    router.add_api_route("/door", lambda: None)
    twin = open_twin(Settings(package=house, data=tmp_path / "data"))
    with pytest.raises(RuntimeError, match="GET /api/open/door"):
        assemble(twin, (Panel("open", router, lambda _: None),))  # type: ignore[arg-type, return-value]
    twin.package.close()


@pytest.fixture(scope="module")
def client(house: Path, venue: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    data = tmp_path_factory.mktemp("access")
    app = assemble(open_twin(Settings(package=house, venue=venue, data=data, demo_accounts=True)))
    with TestClient(app, HOST, client=CLIENT, raise_server_exceptions=False) as opened:
        yield opened


def twin_of(client: TestClient) -> Twin:
    app: Any = client.app
    twin: Twin = app.state.twin
    return twin


@pytest.fixture(scope="module")
def keys(client: TestClient) -> dict[Role, dict[str, str]]:
    """Headers of each role."""
    accounts, portal = twin_of(client).accounts, client.portal
    assert portal is not None
    found: dict[Role, dict[str, str]] = {Role.PUBLIC: {}}
    for link in twin_of(client).demo.links:
        key = portal.call(accounts.new_key, link.person, "test", "system")
        found[link.person.role] = {"authorization": f"Bearer {key}"}
    return found


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_each_role_gets_in_where_it_may_and_nowhere_else(
    route: Any, client: TestClient, keys: dict[Role, dict[str, str]]
) -> None:
    path = re.sub(r"\{[^}]*\}", "nothing", route.path)
    for role, headers in keys.items():
        answer = knock(client, route.method, path, headers)
        if role >= route.role:
            assert answer not in (401, 403, 4401, 4403, 500), role
        elif role is Role.PUBLIC:
            assert answer in (401, 4401)
        else:
            assert answer in (403, 4403), role


def knock(client: TestClient, method: str, path: str, headers: dict[str, str]) -> int:
    """The status of a request; of a stream the code by which it was closed, 0 where it was served."""
    if method != "WS":
        return int(client.request(method, path, headers=headers).status_code)
    with client.websocket_connect(path, headers=headers, subprotocols=["twin.v1"]) as socket:
        try:
            message = socket.receive()
        except WebSocketDisconnect as closed:
            return int(closed.code)
        return int(message["code"]) if message["type"] == "websocket.close" else 0


def test_the_past_is_for_managers(client: TestClient, keys: dict[Role, dict[str, str]]) -> None:
    query = {"at": "2026-01-01T00:00:00Z"}
    assert client.get("/api/state", params=query, headers=keys[Role.OPERATOR]).status_code == 403
    assert client.get("/api/state", params=query, headers=keys[Role.MANAGER]).status_code != 403


def test_refusals_are_problems_that_say_what_to_do(
    client: TestClient, keys: dict[Role, dict[str, str]]
) -> None:
    nobody = client.get("/api/points")
    assert nobody.json()["type"].endswith(":sign-in")
    assert nobody.headers["www-authenticate"] == "Bearer"
    member = client.get("/api/points", headers=keys[Role.MEMBER])
    assert member.json()["type"].endswith(":role")
    assert "operator" in member.json()["detail"]
    forged = client.get("/api/points", headers={"authorization": "Bearer nonsense"})
    assert (forged.status_code, "revoked" in forged.json()["detail"]) == (401, True)


def test_what_changes_bindings_is_named_in_the_audit(
    client: TestClient, keys: dict[Role, dict[str, str]]
) -> None:
    client.put("/api/bindings", json=[], headers=keys[Role.MANAGER])
    events = client.get("/api/events", params={"type": "bindings.changed"}, headers=keys[Role.MANAGER])
    assert [each["actor"] for each in events.json()["items"]] == ["person:manager"]


def test_a_stream_ends_with_the_session_that_opened_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "RECHECK_S", 0.05)
    demo = {link.person.role: link for link in twin_of(client).demo.links}
    token = client.post("/api/session", json={"link": demo[Role.OPERATOR].token}).cookies[identity.COOKIE]
    headers = {"cookie": f"{identity.COOKIE}={token}"}
    with client.websocket_connect("/ws/live", headers=headers) as socket:
        assert socket.receive_json()["type"] == "hello"
        client.delete("/api/session", headers=headers)
        assert close_code(socket) == identity.CLOSE_SIGN_IN


def close_code(socket: WebSocketTestSession) -> int:
    """The code with which a stream ends, after whatever it still brings."""
    while (message := socket.receive())["type"] != "websocket.close":
        assert message["type"] == "websocket.send"
    return int(message["code"])


def test_dev_lets_this_machine_alone_in(house: Path, tmp_path: Path) -> None:
    app = assemble(open_twin(Settings(package=house, data=tmp_path / "data", dev=True)))
    with TestClient(app, HOST, client=CLIENT) as client:
        assert client.get("/api/accounts").status_code == 200
        assert client.get("/api/session").json()["person"]["role"] == "admin"
        # A page elsewhere whose name resolves to 127.0.0.1, and a machine behind a proxy on this one.
        assert client.get("/api/accounts", headers={"host": "evil.example"}).status_code == 401
    with TestClient(app, HOST, client=("192.0.2.7", 40_000)) as elsewhere:
        assert elsewhere.get("/api/accounts").status_code == 401
