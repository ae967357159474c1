from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from twin.errors import SettingError
from twin.settings import is_loopback, load_settings, parse_start


@pytest.mark.parametrize(
    ("package", "expected"),
    [("a/palace.twin", "a/palace.data"), ("a/out", "a/out.data"), ("a/v1.2", "a/v1.2.data")],
)
def test_the_data_folder_lies_beside_the_package(package: str, expected: str) -> None:
    settings = load_settings({"package": Path(package)})
    assert settings.data_folder == Path(expected).absolute()


def test_a_given_data_folder_is_taken_as_it_is() -> None:
    settings = load_settings({"package": Path("x.twin"), "data": Path("elsewhere")})
    assert settings.data_folder == Path("elsewhere")


def test_options_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_PORT", "9001")
    monkeypatch.setenv("TWIN_HOST", "127.0.0.2")
    settings = load_settings({"package": Path("x.twin"), "port": 9002, "host": None})
    assert (settings.port, settings.host) == (9002, "127.0.0.2")


def test_a_wrong_option_and_a_wrong_variable_are_both_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_SEED", "often")
    with pytest.raises(SettingError) as caught:
        load_settings({"package": Path("x.twin"), "port": 70_000})
    assert "--port" in str(caught.value)
    assert "TWIN_SEED" in str(caught.value)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(SettingError, match="--speed"):
        load_settings({"package": Path("x.twin"), "speed": speed})


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.168.1.4", False),
        ("example.org", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_a_start_with_a_zone_is_that_moment() -> None:
    assert parse_start("2026-05-01T08:00:00+08:00") == datetime(2026, 5, 1, tzinfo=UTC)
    settings = load_settings({"package": Path("x"), "start": parse_start("2026-05-01T00:00:00Z")})
    assert settings.start_ms == 1_777_593_600_000


def test_a_start_without_a_zone_is_this_machines() -> None:
    moment = parse_start("2026-05-01T08:00:00")
    assert moment is not None
    assert moment.utcoffset() == datetime(2026, 5, 1, 8).astimezone().utcoffset()
    assert moment.replace(tzinfo=None) - datetime(2026, 5, 1, 8) == timedelta(0)


def test_no_start_is_none_and_a_word_is_refused() -> None:
    assert parse_start(None) is None
    with pytest.raises(SettingError, match="yesterday"):
        parse_start("yesterday")
