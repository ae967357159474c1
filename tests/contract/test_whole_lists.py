"""Lists that a viewer takes whole are written once, and again when bindings change."""

import httpx
import pytest

from tests.contract.small_house import guid_of


@pytest.mark.parametrize("path", ["/api/points", "/api/devices"])
def test_a_whole_list_is_that_of_its_parts_and_is_not_sent_twice(http: httpx.Client, path: str) -> None:
    whole = http.get(path)
    parts = [http.get(path, params={"limit": 1, "cursor": str(i)}).json() for i in range(3)]
    assert whole.json()["items"][:3] == [part["items"][0] for part in parts]
    assert whole.json()["next"] is None
    again = http.get(path, headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_changed_binding_is_in_the_next_list(http: httpx.Client) -> None:
    def elements() -> tuple[str | None, str | None]:
        devices = {each["device"]: each["element"] for each in http.get("/api/devices").json()["items"]}
        points = {each["device"]: each["element"] for each in http.get("/api/points").json()["items"]}
        return devices["L-02"], points["L-02"]

    guid = guid_of("L-02")
    try:
        assert elements() == (guid, guid)
        http.put("/api/bindings", json=[{"device": "L-02", "element": None}]).raise_for_status()
        assert elements() == (None, None)
    finally:
        http.put("/api/bindings", json=[{"device": "L-02", "element": guid}]).raise_for_status()
    assert elements() == (guid, guid)
