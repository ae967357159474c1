"""Devices as people keep them, over HTTP: facts, tables, maintenance, secrets, refusals."""

import httpx

HEADERS = {"content-type": "text/csv"}


def facts(http: httpx.Client, device: str) -> dict[str, object]:
    found: dict[str, object] = http.get(f"/api/devices/{device}/facts").json()
    return found


def test_facts_are_written_over_what_the_files_say(http: httpx.Client) -> None:
    change = {"manufacturer": " Acme ", "installed": "2025-10-01", "reason": "survey"}
    answer = http.patch("/api/devices/L-01/facts", json=change).json()
    assert (answer["manufacturer"], answer["installed"], answer["under_warranty"]) == (
        "Acme",
        "2025-10-01",
        None,
    )
    assert set(answer["written"]) == {"manufacturer", "installed"}
    assert answer["changed_by"] == "person:dev"
    back = http.patch("/api/devices/L-01/facts", json={"manufacturer": None}).json()
    assert (back["manufacturer"], back["written"]) == ("", ["installed"])
    (event, *_) = http.get("/api/events", params={"subject": "device:L-01"}).json()["items"]
    assert event["type"] == "device.changed"


def test_a_date_that_is_none_is_refused(http: httpx.Client) -> None:
    answer = http.patch("/api/devices/L-01/facts", json={"warranty_until": "2026-13-1"})
    assert answer.status_code == 422
    assert "is a date" in answer.text
    assert http.get("/api/devices/nothing/facts").status_code == 404


def test_a_table_goes_out_and_comes_back(http: httpx.Client) -> None:
    table = http.get("/api/devices/table.csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.startswith("\ufeffdevice,type,name_zh,name_en,element,manufacturer")
    same = http.post("/api/devices/table", content=table.content, headers=HEADERS).json()
    assert same == {"rows": 3, "changed": [], "applied": True}
    text = b"device,model\nL-02,M7\nR1-T,T9\n"
    tried = http.post("/api/devices/table", params={"dry_run": True}, content=text, headers=HEADERS).json()
    assert tried == {"rows": 2, "changed": ["L-02", "R1-T"], "applied": False}
    assert facts(http, "L-02")["model"] == ""
    http.post("/api/devices/table", content=text, headers=HEADERS)
    assert [facts(http, device)["model"] for device in ("L-02", "R1-T")] == ["M7", "T9"]


def test_a_faulty_table_changes_nothing_and_names_each_line(http: httpx.Client) -> None:
    text = "device,serial\nL-01,S1\nL-09,S2\nL-02," + "x" * 300 + "\n"
    answer = http.post("/api/devices/table", content=text.encode(), headers=HEADERS)
    assert answer.status_code == 422
    assert [each["where"] for each in answer.json()["errors"]] == ["table:3", "table:4"]
    assert facts(http, "L-01")["serial"] == ""
    broken = http.post("/api/devices/table", content=b"device\n\xff\n", headers=HEADERS)
    assert (broken.status_code, "UTF-8" in broken.json()["detail"]) == (400, True)


def test_secrets_are_shown_once_and_listed_without(http: httpx.Client) -> None:
    answer = http.post("/api/devices/secrets", json={"devices": ["L-01", "L-02"]})
    assert answer.headers["cache-control"] == "no-store"
    first = answer.json()["items"][0]
    assert (first["device"], first["username"]) == ("L-01", "L-01~1")
    assert facts(http, "L-01")["secrets"] == 1
    http.post("/api/devices/secrets", json={"devices": ["L-01"], "rotate": True, "grace_hours": 1})
    listed = http.get("/api/devices/L-01/secrets")
    assert [each["state"] for each in listed.json()["items"]] == ["good", "ending"]
    assert first["secret"] not in listed.text
    signed = {"authorization": f"Bearer {first['secret']}"}
    body = {"samples": [{"device": "L-01", "point": "status", "value": "on"}]}
    assert http.post("/api/telemetry", json=body, headers=signed).json()["accepted"] == 1
    assert http.delete("/api/devices/L-01/secrets", params={"number": 1}).status_code == 204
    assert http.post("/api/telemetry", json=body, headers=signed).status_code == 401
    assert http.delete("/api/devices/L-01/secrets", params={"number": 1}).status_code == 404
    assert http.post("/api/devices/secrets", json={"devices": ["L-09"]}).status_code == 404


def test_who_was_refused_is_listed(http: httpx.Client) -> None:
    body = {"samples": [{"device": "stranger", "point": "status", "value": "on"}] * 2}
    http.post("/api/telemetry", json=body)
    found = http.get("/api/devices/refused").json()
    entry = next(each for each in found["items"] if each["name"] == "stranger")
    assert (entry["way"], entry["fault"], entry["times"]) == ("message", "unknown_device", 2)
    assert found["total"] >= 2
    columns = {"columns": {"point": ["column-stranger/x", "L-01/level"], "value": [1, 2]}}
    assert http.post("/api/telemetry", json=columns).json()["accepted"] == 1
    names = [each["name"] for each in http.get("/api/devices/refused").json()["items"]]
    assert "column-stranger" in names
    assert found["signed_only"] is False


def test_maintenance_is_said_with_its_reason_and_ended(http: httpx.Client) -> None:
    answer = http.put("/api/devices/L-02/maintenance", json={"reason": "ballast is changed"}).json()
    assert answer["maintenance"] == "ballast is changed"
    assert http.put("/api/devices/L-02/maintenance", json={"reason": ""}).json()["maintenance"] == ""


def test_the_ledger_of_operations_shows_what_people_wrote(http: httpx.Client) -> None:
    assert http.get("/api/ops/devices/R1-T").json()["plate"]["manufacturer"] == ""
    http.patch("/api/devices/R1-T/facts", json={"manufacturer": "Sensirion", "serial": "S-77"})
    plate = http.get("/api/ops/devices/R1-T").json()["plate"]
    assert (plate["manufacturer"], plate["serial"]) == ("Sensirion", "S-77")
    found = http.get("/api/ops/devices", params={"q": "sensirion"}).json()["items"]
    assert [each["device"] for each in found] == ["R1-T"]
