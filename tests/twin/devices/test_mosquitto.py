import re
from base64 import b64decode

from twin.devices.credentials import Credential
from twin.devices.mosquitto import BrokerUser, broker_files, mosquitto_hash

#: A line that mosquitto_passwd 2.0.11 wrote for the password `secret`.
KNOWN = (
    "$7$101$OgDrUI9TGcTBsst4$"
    "UA8myTR7bRuzOn/SrnkTlEMgYpZo7clB8OdO5NFFJsVj2wObLOHUXqtJ6vIF/twl86Nik9q7PxSI899J+RiIxw=="
)


def made(device: str, number: int = 1) -> Credential:
    return Credential(f"{device}{number}", device, number, "", f"$7$101$salt{number}$hash", 0, "")


def test_a_password_is_hashed_as_mosquitto_does() -> None:
    assert mosquitto_hash("secret", b64decode("OgDrUI9TGcTBsst4")) == KNOWN
    assert mosquitto_hash("secret") != mosquitto_hash("secret")


def test_both_files_name_each_secret_and_its_topics() -> None:
    files = broker_files([made("L-01"), made("L-01", 2)], "small", [BrokerUser("server", "$7$x")])
    assert files.passwords.splitlines() == [
        "server:$7$x",
        "L-01~1:$7$101$salt1$hash",
        "L-01~2:$7$101$salt2$hash",
    ]
    blocks = re.split(r"\n\n", files.topics.strip())
    assert blocks[1].splitlines() == [
        "user server",
        "topic read twin/small/devices/+/telemetry",
        "topic read twin/small/columns",
        "topic read twin/small/frames/+",
        "topic write twin/small/devices/+/command",
    ]
    assert blocks[3].splitlines() == [
        "user L-01~2",
        "topic write twin/small/devices/L-01/telemetry",
        "topic read twin/small/devices/L-01/command",
    ]


def test_an_id_that_no_line_can_hold_is_left_out_and_named() -> None:
    files = broker_files([made("AHU:1"), made("fine")], "small")
    assert files.left_out == ("AHU:1",)
    assert files.passwords.startswith("fine~1:")
    assert "AHU" not in files.topics
