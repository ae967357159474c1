"""Addresses of brokers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.errors import AdapterError
from telemetry_bridge.mqtt_codec import Version
from telemetry_bridge.mqtt_url import MqttAddress, parse_mqtt_url


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://localhost", MqttAddress("localhost", 1883)),
        ("mqtt://10.0.0.7:1884/", MqttAddress("10.0.0.7", 1884)),
        ("mqtts://broker.example", MqttAddress("broker.example", 8883, tls=True)),
        ("MQTT://a:1", MqttAddress("a", 1)),
        ("mqtt://[::1]:1883", MqttAddress("::1", 1883)),
        ("mqtt://a?version=5", MqttAddress("a", 1883, version=Version.V5)),
        ("mqtt://a:1?version=3.1.1", MqttAddress("a", 1)),
        ("mqtt://us%40er:p%2Fw%3A@h", MqttAddress("h", 1883, False, "us@er", "p/w:")),
    ],
)
def test_good_addresses(url: str, address: MqttAddress) -> None:
    assert parse_mqtt_url(url) == address
    assert parse_mqtt_url(str(address)).host == address.host


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:1883",
        "http://a",
        "mqtt://",
        "mqtt://a:99999",
        "mqtt://a:b",
        "mqtt://a/topic",
        "mqtt://a?version=4",
        "mqtt://a?version=5&version=5",
        "mqtt://a?tls",
        "mqtt://[a",
    ],
)
def test_bad_addresses_say_how_to_write_one(url: str) -> None:
    with pytest.raises(AdapterError, match="MQTT address"):
        parse_mqtt_url(url)


@given(st.text(min_size=6, alphabet="abcdefghijklmnopqrstuvwxyz0123456789"))
def test_a_password_is_never_shown(password: str) -> None:
    address = parse_mqtt_url(f"mqtt://u:Q{password}@host")
    assert f"Q{password}" not in str(address) + repr(address)
    with pytest.raises(AdapterError) as caught:
        parse_mqtt_url(f"mqtt://u:Q{password}@host/topic")
    assert f"Q{password}" not in str(caught.value)
