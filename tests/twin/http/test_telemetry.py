"""What a sender is told of samples that were not taken."""

from telemetry_bridge.ports import MAX_LISTED, Acceptance, Refusal
from twin.http.present_live import refused_samples


def test_refusals_are_listed_in_order_and_not_without_end() -> None:
    refused = tuple(Refusal(row, "a", "b", "bad_value", "no") for row in range(MAX_LISTED + 5))
    listed = refused_samples(Acceptance(3, refused))
    assert [each.index for each in listed] == list(range(MAX_LISTED))
    assert listed[0].model_dump() == {
        "index": 0,
        "device": "a",
        "point": "b",
        "code": "bad_value",
        "reason": "no",
    }
