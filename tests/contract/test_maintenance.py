"""A device that somebody works at takes no commands, over HTTP."""

import httpx

ORDER = {"device": "L-01", "point": "level", "value": 50, "reason": "test"}


def command(http: httpx.Client, device: str) -> httpx.Response:
    return http.post("/api/commands", json=ORDER | {"device": device})


def test_the_flag_keeps_commands_away_until_it_is_lifted(http: httpx.Client) -> None:
    http.put("/api/devices/L-01/maintenance", json={"reason": "rewired"})
    refused = command(http, "L-01")
    assert (refused.status_code, refused.json()["reason"]) == (409, "interlock-maintenance")
    assert "rewired" in refused.json()["detail"]
    assert command(http, "L-02").status_code == 202
    http.put("/api/devices/L-01/maintenance", json={"reason": ""})
    assert command(http, "L-01").status_code == 202


def test_a_work_order_that_somebody_accepted_does_too(http: httpx.Client) -> None:
    made = http.post("/api/ops/orders", json={"title": "flickers", "device": "L-02"}).json()
    assert command(http, "L-02").status_code == 202
    path = f"/api/ops/orders/{made['id']}"
    http.post(f"{path}/dispatch", json={"assignee": "dev"})
    http.post(f"{path}/accept", json={})
    # The person who accepted it may try the lamp.
    assert command(http, "L-02").status_code == 202
    held = [each for each in http.get("/api/ops/orders").json()["items"] if each["state"] == "accepted"]
    assert [each["assignee"] for each in held] == ["dev"]
    # But not what is set aside for another reason besides, and is told both.
    http.put("/api/devices/L-02/maintenance", json={"reason": "rewired"})
    refused = command(http, "L-02")
    assert (refused.status_code, refused.json()["reason"]) == (409, "interlock-maintenance")
    assert refused.json()["named"] == {"holds": f"rewired；#{made['number']} flickers"}
    http.put("/api/devices/L-02/maintenance", json={"reason": ""})
    assert command(http, "L-02").status_code == 202
