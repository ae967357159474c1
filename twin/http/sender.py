"""Which device signed a request, where one did; else the person behind it needs a role."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from twin.accounts.roles import Role
from twin.devices.credentials import is_secret
from twin.http.identity import Requirement, bearer_key
from twin.runtime import Twin


@dataclass(frozen=True, slots=True)
class DeviceRequirement(Requirement):
    """Lets pass a device with its secret, and whoever has the role."""

    async def __call__(self, connection: HTTPConnection) -> None:
        """Let pass; raises SenderError (401) for a secret that is not good, else as `Requirement`."""
        key = bearer_key(connection)
        if key is None or not is_secret(key):
            await Requirement.__call__(self, connection)
            return
        twin: Twin = connection.app.state.twin
        connection.state.device = twin.gate.sender(key)


def device_or(role: Role) -> Callable[[HTTPConnection], Awaitable[None]]:
    """For `dependencies=[Depends(device_or(Role.OPERATOR))]` on a route that devices use themselves."""
    return DeviceRequirement(role)


def device_of(connection: HTTPConnection) -> str | None:
    """The device that signed; None: a person with the role asks."""
    found: str | None = getattr(connection.state, "device", None)
    return found
