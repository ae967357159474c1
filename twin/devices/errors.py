"""What can be wrong with devices and their secrets.

::

    RequestError
    ├── SenderError          401, a device's secret that is not good
    └── CredentialError      409, a secret that cannot be issued or revoked so
    FaultsError
    └── DeviceFactsError     422, facts that cannot be used; none of the list was taken
    StartError
    └── BindingRulesError    the venue's bindings.yaml has faults, all of them listed
"""

from http import HTTPStatus

from telemetry_bridge.errors import FaultsError
from twin.errors import RequestError, SignInError


class SenderError(SignInError):
    """A device's secret that is not good (any more)."""

    slug = "sender"


class CredentialError(RequestError):
    """A secret that cannot be issued, rotated or revoked as asked."""

    status = HTTPStatus.CONFLICT
    slug = "credential"


class DeviceFactsError(FaultsError):
    """Facts of devices that cannot be used; none of the list was taken."""
