import pytest

from telemetry_bridge.gate import Use, device_of_topic
from telemetry_bridge.refused import RefusedSenders
from twin.devices.credentials import Credential, CredentialBook, digest_of
from twin.devices.errors import SenderError
from twin.devices.gate import DeviceGate

DEVICES = {"L-01", "L-02", "L-03"}
TOPIC = "twin/small/devices/L-01/telemetry"
OTHERS = "twin/small/devices/L-02/telemetry"
UNSIGNED = "twin/small/devices/L-03/telemetry"
ORDERS = "twin/small/devices/L-01/command"


class FixedClock:
    speed = 1.0

    def __init__(self) -> None:
        self.time_ms = 1000.0

    def now_ms(self) -> float:
        return self.time_ms


def made(device: str, number: int = 1, **times: int) -> Credential:
    return Credential(
        f"{device}-{number}", device, number, digest_of(f"twd_{device}{number}"), "", 0, "", **times
    )


def gate_of(*credentials: Credential, signed_only: bool = False) -> DeviceGate:
    gate = DeviceGate(DEVICES, "small", RefusedSenders(), FixedClock(), signed_only=signed_only)
    gate.book = CredentialBook(credentials)
    return gate


def faults(gate: DeviceGate) -> list[tuple[str, str, str]]:
    return [(each.way, each.name, each.fault) for each in reversed(gate.refused.all())]


def test_a_bearer_is_its_device_or_refused_with_the_reason() -> None:
    gate = gate_of(made("L-01"), made("L-02", revoked_ms=1), made("gone"), made("L-03", expires_ms=999))
    assert gate.sender("twd_L-011") == "L-01"
    for secret, fault in {
        "twd_L-021": "revoked",
        "twd_gone1": "unknown_device",
        "twd_L-031": "expired",
        "twd_?": "bad_secret",
    }.items():
        with pytest.raises(SenderError) as caught:
            gate.sender(secret)
        assert caught.value.reason == fault
    assert faults(gate) == [
        ("http", "L-02", "revoked"),
        ("http", "gone", "unknown_device"),
        ("http", "L-03", "expired"),
        ("http", "", "bad_secret"),
    ]


def test_a_client_needs_the_user_name_that_goes_with_its_secret() -> None:
    gate = gate_of(made("L-01"), made("L-02"))
    assert gate.admits("L-01~1", "twd_L-011")
    assert not gate.admits("L-02~1", "twd_L-011")
    assert not gate.admits("L-01~1", "twd_L-012")
    assert not gate.admits("L-01~1", None)
    assert faults(gate) == [("mqtt", "L-02~1", "wrong_device"), ("mqtt", "L-01~1", "bad_secret")]
    assert gate.refused.total == 3


def test_a_device_uses_its_own_topics_alone() -> None:
    gate = gate_of(made("L-01"))
    user = ("L-01~1", "twd_L-011")
    assert gate.permits(*user, TOPIC, Use.PUBLISH)
    assert gate.permits(*user, ORDERS, Use.SUBSCRIBE)
    assert gate.permits(*user, ORDERS, Use.RECEIVE)
    for topic, use in [
        (OTHERS, Use.PUBLISH),
        (ORDERS, Use.PUBLISH),
        (TOPIC, Use.SUBSCRIBE),
        ("#", Use.SUBSCRIBE),
    ]:
        assert not gate.permits(*user, topic, use)
    assert [fault for _, _, fault in faults(gate)] == ["wrong_device", "wrong_topic"]


def test_a_client_whose_secret_is_revoked_is_heard_no_more() -> None:
    gate = gate_of(made("L-01"))
    assert gate.admits("L-01~1", "twd_L-011")
    gate.book = CredentialBook([made("L-01", revoked_ms=2)])
    assert not gate.permits("L-01~1", "twd_L-011", TOPIC, Use.PUBLISH)
    assert not gate.permits("L-01~1", "twd_L-011", ORDERS, Use.RECEIVE)


def test_a_session_that_took_anothers_user_name_may_nothing() -> None:
    gate = gate_of(made("L-01"), made("L-02"))
    assert not gate.permits("L-01~1", None, TOPIC, Use.PUBLISH)
    assert not gate.permits("L-01~1", "twd_L-021", TOPIC, Use.PUBLISH)
    assert faults(gate) == [("mqtt", "L-01~1", "bad_secret"), ("mqtt", "L-01~1", "wrong_device")]


def test_unsigned_devices_are_let_in_unless_told_otherwise_but_never_speak_for_signed_ones() -> None:
    gate = gate_of(made("L-01"))
    assert gate.admits(None, None)
    assert gate.permits(None, None, UNSIGNED, Use.PUBLISH)
    assert not gate.permits(None, None, TOPIC, Use.PUBLISH)
    assert faults(gate) == [("mqtt", "L-01", "no_secret")]
    strict = gate_of(made("L-01"), signed_only=True)
    assert not strict.admits(None, None)
    assert not strict.permits(None, None, UNSIGNED, Use.PUBLISH)


def test_nobody_without_a_secret_commands_a_device_that_has_one() -> None:
    gate = gate_of(made("L-01"))
    assert not gate.permits(None, None, ORDERS, Use.PUBLISH)
    assert gate.permits(None, None, ORDERS.replace("L-01", "L-03"), Use.PUBLISH)
    assert faults(gate) == [("mqtt", "L-01", "no_secret")]


@pytest.mark.parametrize(
    "topic", ["twin/small/columns", "twin/small/frames/0123456789ab", "spBv1.0/g/NDATA/e"]
)
def test_who_speaks_for_all_devices_needs_a_secret_once_one_of_them_has(topic: str) -> None:
    assert gate_of().permits(None, None, topic, Use.PUBLISH)
    gate = gate_of(made("L-01"))
    assert not gate.permits(None, None, topic, Use.PUBLISH)
    assert not gate.permits("L-01~1", "twd_L-011", topic, Use.PUBLISH)
    assert gate.permits(None, None, topic, Use.SUBSCRIBE)
    assert sorted(fault for _, _, fault in faults(gate)) == ["no_secret", "wrong_topic"]


def test_the_servers_own_client_may_all() -> None:
    gate = gate_of(signed_only=True)
    gate.admit_insider("server", "password")
    assert gate.admits("server", "password")
    assert not gate.admits("server", "guess")
    assert not gate.permits("server", "guess", "twin/small/devices/+/telemetry", Use.SUBSCRIBE)
    assert gate.permits("server", "password", "twin/small/devices/+/telemetry", Use.SUBSCRIBE)


@pytest.mark.parametrize(
    ("topic", "device"),
    [
        (TOPIC, "L-01"),
        ("twin/other/devices/L-01/telemetry", None),
        ("twin/small/devices/+/telemetry", None),
        ("twin/small/devices//telemetry", None),
        (ORDERS, None),
        ("twin/small/devices/L-01/telemetry/more", None),
    ],
)
def test_the_device_of_a_topic(topic: str, device: str | None) -> None:
    assert device_of_topic(topic, "small", "telemetry") == device
