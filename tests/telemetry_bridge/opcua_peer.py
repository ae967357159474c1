"""An OPC UA server of asyncua as the peer of the tests."""

import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.common.node import Node
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.permission_rules import SimpleRoleRuleset, User, UserRole
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager
from cryptography.x509.oid import ExtendedKeyUsageOID

NAMESPACE = "urn:palace:plant"
SERVER_URI = "urn:palace:server"
CLIENT_URI = "urn:venue-twin:client"


class OneUser(UserManager):
    """Lets in `keeper` with the password `se:cret`."""

    def get_user(
        self, iserver: Any, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> User | None:
        known = username == "keeper" and password == "se:cret"
        return User(role=UserRole.User) if known else None


class Peer:
    """A server with variables by name; stop it and start it again on the same port."""

    def __init__(self, port: int, folder: Path | None = None) -> None:
        self.port = port
        self._folder = folder
        self._server: Server | None = None
        self._nodes: dict[str, Node] = {}
        self._types: dict[str, ua.VariantType] = {}

    @property
    def url(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}/palace"

    async def start(self, values: Mapping[str, Any]) -> None:
        server = Server(user_manager=None if self._folder is None else OneUser())
        await server.init()
        server.set_endpoint(self.url)
        await server.set_application_uri(SERVER_URI)
        if self._folder is not None:
            await self._secure(server, self._folder)
        await server.register_namespace("urn:something:else")
        index = await server.register_namespace(NAMESPACE)
        for name, value in values.items():
            kind = ua.VariantType.Float if isinstance(value, float) else ua.Variant(value).VariantType
            assert kind is not None
            node_id = f"ns={index};s={name}"
            node = await server.nodes.objects.add_variable(node_id, name, value, kind)
            self._types[name] = kind
            await node.set_writable()
            self._nodes[name] = node
        await server.start()
        self._server = server

    async def _secure(self, server: Server, folder: Path) -> None:
        await make_certificate(folder, "server", SERVER_URI, ExtendedKeyUsageOID.SERVER_AUTH)
        await server.load_certificate(str(folder / "server.der"))
        await server.load_private_key(str(folder / "server.pem"))
        server.set_security_policy(
            [ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt],
            permission_ruleset=SimpleRoleRuleset(),  # type: ignore[no-untyped-call]
        )
        server.set_identity_tokens([ua.UserNameIdentityToken])

    async def write(self, name: str, value: Any, status: int = 0, source: Any = None) -> None:
        """Let a variable have a value, a status and a source timestamp."""
        data = ua.DataValue(
            ua.Variant(value, self._types[name]),
            StatusCode=ua.StatusCode(ua.UInt32(status)),
            SourceTimestamp=source,
        )
        await self._nodes[name].write_value(data)

    async def read(self, name: str) -> Any:
        return await self._nodes[name].read_value()

    async def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await server.stop()


async def make_certificate(folder: Path, name: str, uri: str, use: Any) -> None:
    """Write a self-signed certificate and its key: `<name>.der`, `<name>.pem`."""
    await setup_self_signed_certificate(
        folder / f"{name}.pem", folder / f"{name}.der", uri, "localhost", [use], {"commonName": name}
    )


@contextlib.asynccontextmanager
async def opcua_peer(port: int, folder: Path | None, values: Mapping[str, Any]) -> AsyncIterator[Peer]:
    """A running server with these variables, until the block ends."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    peer = Peer(port, folder)
    await peer.start(values)
    try:
        yield peer
    finally:
        await peer.stop()
