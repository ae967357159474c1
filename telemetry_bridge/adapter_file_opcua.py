"""The settings of an OPC UA line, as `adapters.yaml` has them. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import ConfigDict, StringConstraints

from telemetry_bridge.adapter_file_parts import (
    STRICT,
    AdapterSettings,
    ConvertedPoint,
    EnvironmentName,
    PointRef,
    Seconds,
    Text,
)
from telemetry_bridge.yaml_lines import Path

#: OPC 10000-6, 5.3.1.10; `nsu=` names the namespace by its URI, which stays when indices change.
NodeText = Annotated[str, StringConstraints(pattern=r"^(ns=\d+;|nsu=[^;]+;)?[isgb]=.+$")]
Milliseconds = Annotated[float, Ge(0), Le(86_400_000)]
Url = Annotated[str, StringConstraints(pattern=r"^opc\.tcp://[^@\s]+$")]
POLICIES = Literal["Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuritySettings:
    """A secure channel: files relative to that of the adapters, DER or PEM.

    Without `server_certificate` whatever certificate the server shows is believed.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    certificate: Text
    key: Text
    server_certificate: Text | None = None
    policy: POLICIES = "Basic256Sha256"
    mode: Literal["sign", "sign_and_encrypt"] = "sign_and_encrypt"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeEntry(ConvertedPoint):
    """One variable of the server, as written."""

    device: Text
    node: NodeText
    sampling_ms: Milliseconds | None = None
    deadband: Annotated[float, Ge(0)] = 0.0
    """Changes up to here are not reported, in the point's unit."""

    @property
    def ref(self) -> PointRef:
        """The point."""
        return PointRef(self.device, self.point)

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return self.node


@dataclass(frozen=True, slots=True, kw_only=True)
class OpcUaSettings(AdapterSettings):
    """An OPC UA server."""

    kind: Literal["opcua"]
    url: Url
    points: Annotated[list[NodeEntry], MinLen(1)]
    publishing_ms: Milliseconds = 500.0
    sampling_ms: Milliseconds = 500.0
    timeout_s: Seconds = 5.0
    application_uri: Text = "urn:venue-twin:client"
    security: SecuritySettings | None = None
    username: str | None = None
    password_env: EnvironmentName | None = None

    def refs(self) -> Iterator[tuple[PointRef, Path]]:
        """Give the points that it names, each with its place in the entry."""
        for place, entry in enumerate(self.points):
            yield entry.ref, ("points", place)

    def faults(self) -> Iterator[tuple[Path, str]]:
        """Give what does not fit together, each with its place in the entry."""
        for place, entry in enumerate(self.points):
            if fault := entry.conversion_fault():
                yield ("points", place), fault
        if self.password_env is not None and self.username is None:
            yield ("password_env",), "username is missing: a password alone signs nobody in"
