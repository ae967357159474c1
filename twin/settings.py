"""One typed settings object; the environment (prefix ``TWIN_``) is read here and nowhere else."""

import ipaddress
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from twin.errors import SettingError
from twin.store.database import default_url

PACKAGE_SUFFIX = ".twin"
DATA_SUFFIX = ".data"


class Settings(BaseSettings):
    """Everything that a venue may set about its server; command line options win over the environment."""

    model_config = SettingsConfigDict(env_prefix="TWIN_", frozen=True, extra="ignore")

    package: Path
    """The model package's folder."""
    data: Path | None = None
    """Where the server keeps what it writes; see `data_folder`."""
    venue: Path | None = None
    """The venue folder; without one the registry is derived from the model."""
    viewer: Path | None = None
    """The built viewer; the repository's ``web_viewer/dist`` when unset."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    allowed_origins: tuple[str, ...] = ()
    """Other sites (``https://wall.example``) that may call this server from a page; none by default."""
    dev: bool = False
    """Everyone is an admin, without signing in; on loopback alone."""
    demo_accounts: bool = False
    """An account for each role, with sign-in links that are shown to this machine alone."""
    body_limit_bytes: int = Field(default=10_000_000, gt=0)

    mqtt: str | None = None
    """The broker's URL: ``mqtt://user:password@host:1883`` or ``mqtts://``; ``?version=5`` for MQTT 5."""
    adapters: Path | None = None
    """The file of the lines to devices; ``adapters.yaml`` in the venue folder when unset."""
    embedded_broker: bool = False
    """Start a broker of our own on loopback and listen to it."""
    broker_port: int = Field(default=1883, ge=0, le=65535)
    """The embedded broker's port; a free one is taken when it is in use."""

    devices_signed: bool = False
    """Every device must show its secret; else one that has none may speak unsigned, from this machine."""

    simulate: bool = False
    speed: float = Field(default=1.0, gt=0, le=86_400)
    """Simulated seconds per second; counts with `simulate` alone."""
    start: AwareDatetime | None = None
    """When simulated time begins; now when unset."""
    seed: int = 1

    database: str | None = None
    """``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``; unset, a file in the data folder."""
    redis: str | None = None
    """``redis://HOST:6379``: this server is one of several, and workers (``twin bridge``) hold the lines."""
    redis_lease_s: float = Field(default=5.0, ge=0.5, le=60)
    """So long after a worker or a server died another takes its work over."""
    redis_entries: int = Field(default=5_000, ge=100)
    """So many batches of samples the stream keeps, about; a worker sends at most 100 a second."""
    redis_waiting_samples: int = Field(default=2_000_000, ge=1000)
    """So many samples wait in a worker while Redis is away; of more the oldest are lost."""

    film_flush_s: float = Field(default=2.0, gt=0, le=60)
    """So many seconds of telemetry at most are lost when the server is killed."""
    film_keep_days: float = Field(default=30.0, gt=0)
    film_sums_days: float = Field(default=3650.0, gt=0)
    """Sums by the hour are kept for so long, also of film that is gone."""
    """So many days film stays in the database, unless `film.yaml` of the venue folder says otherwise."""
    video: bool = True
    """Whether this server records the cameras of ``video.yaml``; what is recorded is shown all the same."""
    film_cold: str | None = None
    """Where older film lies in files: a folder, or ``s3://BUCKET/PREFIX``; unset, it is deleted."""

    live_clients: int = Field(default=5000, gt=0)
    """So many live streams are served at once, replays not counted."""
    live_clients_per_address: int = Field(default=1000, gt=0)
    """So many of them to one address; a proxy that does not name its clients is one."""
    live_idle_s: float = Field(default=60.0, ge=5)
    """A live stream whose client answers no ping for so long is closed."""
    live_send_timeout_s: float = Field(default=30.0, ge=1)
    """So is one whose client takes nothing of what it is sent for so long."""

    package_poll_s: float = Field(default=3.0, gt=0)
    """How often the server looks whether the package was rebuilt under it."""

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("dev")
    @classmethod
    def _refuse_dev_in_a_network(cls, dev: bool, others: ValidationInfo) -> bool:
        host = others.data.get("host", "")
        if dev and host and not is_loopback(host):
            raise ValueError(
                f"everyone is an admin then, so it is refused on {host}; leave --dev out and make accounts "
                "with 'twin account add', or leave --host out"
            )
        return dev

    @field_validator("redis")
    @classmethod
    def _refuse_simulated_time_among_several(cls, redis: str | None, others: ValidationInfo) -> str | None:
        if redis is not None and (
            others.data.get("speed", 1.0) != 1.0 or others.data.get("start") is not None
        ):
            raise ValueError("several processes have no simulated time; leave --speed and --start out")
        return redis

    @property
    def data_folder(self) -> Path:
        """`data`, else beside the package."""
        return self.data or data_folder_of(self.package)

    @property
    def viewer_folder(self) -> Path:
        """Where the built viewer is, whether or not it has been built."""
        return self.viewer or Path(__file__).parents[1] / "web_viewer" / "dist"

    @property
    def start_ms(self) -> int | None:
        """When simulated time begins, in ms since 1970 UTC."""
        return None if self.start is None else round(self.start.timestamp() * 1000)

    @property
    def is_loopback(self) -> bool:
        """Whether this machine alone can reach the server."""
        return is_loopback(self.host)


def data_folder_of(package: Path) -> Path:
    """Where a package's data is kept unless told otherwise: ``palace.twin`` has ``palace.data`` beside it."""
    package = package.absolute()
    stem = package.stem if package.suffix == PACKAGE_SUFFIX else package.name
    return package.with_name(stem + DATA_SUFFIX)


class StoreSettings(BaseSettings):
    """Which twin's database is meant, where nothing is served; see `Settings` for the fields."""

    model_config = SettingsConfigDict(env_prefix="TWIN_", frozen=True, extra="ignore")

    package: Path | None = None
    data: Path | None = None
    database: str | None = None
    film_cold: str | None = None

    def database_url(self) -> str:
        """The database's URL; its folder is made where it is not there yet.

        Raises SettingError where nothing says which twin is meant, OSError where the folder cannot be made.
        """
        if self.database is not None:
            return self.database
        folder = self.data or (self.package and data_folder_of(self.package))
        if folder is None:
            raise SettingError("say which twin: --package DIR, --data DIR or --database URL")
        folder.mkdir(parents=True, exist_ok=True)
        return default_url(folder)


class VenueSettings(StoreSettings):
    """As `StoreSettings`, where the venue's own files count too; see `Settings` for the fields."""

    venue: Path | None = None
    mqtt: str | None = None

    @property
    def model(self) -> Path:
        """The package. Raises SettingError where it was not given."""
        if self.package is None:
            raise SettingError("say which twin: --package DIR")
        return self.package


def is_loopback(host: str) -> bool:
    """Whether a host name or an address means this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def load_settings(options: Mapping[str, Any]) -> Settings:
    """Settings from command line options (those that are not None) over the environment.

    Raises SettingError, which names each wrong value, where it came from and why it was refused.
    """
    given = {key: value for key, value in options.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = (_fault(item["loc"], item["msg"], given) for item in error.errors())
        raise SettingError("; ".join(faults)) from error


def load_store_settings(options: Mapping[str, Any]) -> StoreSettings:
    """As `load_settings`; the fields' types refuse nothing that a command line can give."""
    return StoreSettings(**{key: value for key, value in options.items() if value is not None})


def load_venue_settings(options: Mapping[str, Any]) -> VenueSettings:
    """As `load_store_settings`."""
    return VenueSettings(**{key: value for key, value in options.items() if value is not None})


def _fault(location: tuple[int | str, ...], message: str, given: Mapping[str, Any]) -> str:
    name = str(location[0]) if location else ""
    source = f"--{name}" if name in given else f"TWIN_{name.upper()}"
    return f"{source}: {message.removeprefix('Value error, ')}"


def parse_start(text: str | None) -> datetime | None:
    """An RFC 3339 time, or a date and time without a zone, taken as this machine's; None stays None.

    Raises SettingError when the text is neither.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingError(f"--start: '{text}' is no time; write it as 2026-05-01T08:00:00+08:00") from error
    return moment if moment.tzinfo else moment.astimezone()
