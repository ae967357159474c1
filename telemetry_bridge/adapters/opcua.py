"""OPC UA: subscribes to variables of a server, reads those that are silent, writes."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node
from asyncua.common.subscription import DataChangeNotif, Subscription
from asyncua.crypto import security_policies
from asyncua.ua.uaerrors import UaError

from telemetry_bridge.adapter_file_opcua import NodeEntry, OpcUaSettings, SecuritySettings
from telemetry_bridge.adapter_file_parts import PointRef, secret_of
from telemetry_bridge.adapters.delivery import Sample
from telemetry_bridge.adapters.freshness import Freshness
from telemetry_bridge.adapters.listed_points import ListedPoints
from telemetry_bridge.adapters.opcua_values import ms_of, sample_of, written_value
from telemetry_bridge.adapters.upkeep import Patience
from telemetry_bridge.clock import Clock
from telemetry_bridge.errors import AdapterError
from telemetry_bridge.points import Point, Registry
from telemetry_bridge.said import Said, located, said_of

LOG = logging.getLogger(__name__)

AT_ONCE = 500
VALUE = 13
"""The attribute Value (OPC 10000-6, A.1)."""
SESSION_MS = 60_000
"""So long a server keeps a session, and what it subscribed to, whose client has gone."""
KEEP_ALIVE_MS = 5000.0
BEAT_S = 0.5
"""How often is looked which points are silent."""


class OpcUaAdapter(ListedPoints[NodeEntry]):
    """One OPC UA server."""

    def __init__(
        self,
        settings: OpcUaSettings,
        registry: Registry,
        clock: Clock,
        folder: Path,
        environment: Mapping[str, str],
        patience: Patience | None = None,
    ) -> None:
        """Read the secret and look for the certificates.

        Raises:
            AdapterError: the password is not set, or a file is missing.
        """
        super().__init__(settings.id, settings.points, registry, (UaError,), patience)
        self._settings, self._clock, self._folder = settings, clock, folder
        self._password = secret_of(settings.password_env, environment)
        if settings.security is not None:
            check_files(settings.security, folder)
        periods_s = {ref: point.period_s for ref in self._entries if (point := registry.find(*ref))}
        self._freshness = Freshness(periods_s)
        self._client: Client | None = None
        self._nodes: dict[PointRef, Node] = {}
        self._types: dict[PointRef, ua.VariantType] = {}
        self._handles: dict[int, PointRef] = {}
        self._waiting: list[tuple[PointRef, ua.DataValue]] = []

    @property
    def _address(self) -> str:
        return self._settings.url

    async def _work(self) -> None:
        client = await self._new_client()
        lost = asyncio.Event()

        async def note_loss(error: Exception) -> None:
            LOG.debug("%s: %r", self._settings.id, error)
            lost.set()

        client.connection_lost_callback = note_loss
        try:
            await client.connect()
            self._nodes = await self._found_nodes(client)
            self._types.clear()
            self._handles.clear()
            self._freshness.forget()
            subscription = await client.create_subscription(
                subscription_parameters(self._settings.publishing_ms), self
            )
            await self._subscribe(subscription)
            self._client = client
            self._upkeep.is_up()
            await self._keep_fresh(client, lost)
        finally:
            self._client = None
            await self._disconnect(client)

    async def _disconnect(self, client: Client) -> None:
        """Say goodbye where the server still listens; it must not hold up anything."""
        with contextlib.suppress(UaError, OSError):
            await asyncio.wait_for(client.disconnect(), self._settings.timeout_s)

    async def _new_client(self) -> Client:
        settings = self._settings
        client = Client(settings.url, timeout=settings.timeout_s, watchdog_intervall=settings.timeout_s)
        # A server has few sessions to give: one whose connection broke must not be kept for an hour.
        client.session_timeout = SESSION_MS
        client.name = client.description = "Venue Twin"
        client.application_uri = settings.application_uri
        if settings.username is not None:
            client.set_user(settings.username)
            client.set_password(self._password or "")
        if settings.security is not None:
            await self._secure(client, settings.security)
        return client

    async def _secure(self, client: Client, security: SecuritySettings) -> None:
        modes = {
            "sign": ua.MessageSecurityMode.Sign,
            "sign_and_encrypt": ua.MessageSecurityMode.SignAndEncrypt,
        }
        server = security.server_certificate
        await client.set_security(
            getattr(security_policies, f"SecurityPolicy{security.policy}"),
            str(self._folder / security.certificate),
            str(self._folder / security.key),
            server_certificate=None if server is None else str(self._folder / server),
            mode=modes[security.mode],
        )

    async def _found_nodes(self, client: Client) -> dict[PointRef, Node]:
        """The nodes of the points; a namespace that the server lacks makes its points bad."""
        namespaces = await client.get_namespace_array()
        nodes: dict[PointRef, Node] = {}
        bad: list[Sample] = []
        for ref, entry in self._entries.items():
            try:
                nodes[ref] = client.get_node(node_text(entry.node, namespaces))
            except ValueError as error:
                bad.append(Sample(ref, fault=located(said_of(error), place=entry.node)))
        self._delivery.take(bad)
        return nodes

    async def _subscribe(self, subscription: Subscription) -> None:
        """Ask for changes of all points; one that is refused is bad, and asked for at its period."""
        refs = list(self._nodes)
        refused = await self._monitor(subscription, refs, with_deadband=True)
        plain = [ref for ref in refused if self._entries[ref].deadband]
        if plain:  # many servers have no deadbands for some variables
            again = await self._monitor(subscription, plain, with_deadband=False)
            refused = {ref: name for ref, name in refused.items() if ref not in plain} | again
        self._delivery.take(
            [
                Sample(ref, fault=located(_refused(name), place=self._entries[ref].node))
                for ref, name in refused.items()
            ]
        )

    async def _monitor(
        self, subscription: Subscription, refs: Sequence[PointRef], *, with_deadband: bool
    ) -> dict[PointRef, str]:
        """Create monitored items; gives those that were refused, with the reason."""
        refused: dict[PointRef, str] = {}
        for part in _parts(refs):
            requests = [self._request(ref, with_deadband=with_deadband) for ref in part]
            answers = await subscription.create_monitored_items(requests)
            now_s = asyncio.get_running_loop().time()
            for ref, answer in zip(part, answers, strict=True):
                if isinstance(answer, int):
                    self._freshness.heard(ref, now_s)  # its first value is on its way
                else:
                    refused[ref] = answer.name
        return refused

    def _request(self, ref: PointRef, *, with_deadband: bool) -> ua.MonitoredItemCreateRequest:
        entry = self._entries[ref]
        handle = len(self._handles) + 1
        self._handles[handle] = ref
        sampling_ms = self._settings.sampling_ms if entry.sampling_ms is None else entry.sampling_ms
        parameters = ua.MonitoringParameters(
            ClientHandle=ua.UInt32(handle),
            SamplingInterval=ua.Double(sampling_ms),
            QueueSize=ua.UInt32(1),
            DiscardOldest=True,
        )
        if with_deadband and entry.deadband:
            parameters.Filter = ua.DataChangeFilter(
                Trigger=ua.DataChangeTrigger.StatusValue,
                DeadbandType=ua.UInt32(ua.DeadbandType.Absolute),
                DeadbandValue=ua.Double(entry.deadband / abs(entry.scale)),
            )
        item = ua.ReadValueId(NodeId=self._nodes[ref].nodeid, AttributeId=VALUE)
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=item,
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=parameters,
        )

    def datachange_notification(self, node: Node, val: Any, data: DataChangeNotif) -> None:  # noqa: ARG002
        """Take a change, as asyncua hands it over; those that come together are delivered together."""
        ref = self._handles[data.subscription_data.client_handle or 0]
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._deliver_waiting)
        self._waiting.append((ref, data.monitored_item.Value))

    def _deliver_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._take(waiting)

    def _take(self, found: Iterable[tuple[PointRef, ua.DataValue]]) -> None:
        now_s, now_ms = asyncio.get_running_loop().time(), self._clock.now_ms()
        samples = []
        for ref, data in found:
            self._freshness.heard(ref, now_s)
            time_ms = self._freshness.stamp(ref, ms_of(data.SourceTimestamp), now_ms)
            samples.append(_sample(self._entries[ref], data, time_ms))
        self._delivery.take(samples)

    async def _keep_fresh(self, client: Client, lost: asyncio.Event) -> None:
        """Read what is silent until the connection is lost."""
        while not lost.is_set():
            now_s = asyncio.get_running_loop().time()
            due = [ref for ref in self._freshness.due(now_s) if ref in self._nodes]
            for part in _parts(due):
                await self._read(client, part)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(lost.wait(), BEAT_S)
        raise ConnectionError("the connection was lost")

    async def _read(self, client: Client, refs: Sequence[PointRef]) -> None:
        values = await client.read_attributes([self._nodes[ref] for ref in refs])
        self._take(zip(refs, values, strict=True))

    async def _write(self, entry: NodeEntry, point: Point, value: float) -> None:
        client = self._connected(entry.ref)
        built_in = await self._type_of(entry.ref)
        wanted = written_value(entry, value, point, built_in.name)
        # Without timestamps: servers that set their own refuse ours (BadWriteNotSupported).
        await self._nodes[entry.ref].write_value(ua.DataValue(ua.Variant(wanted, built_in)))
        await self._read(client, [entry.ref])

    def _connected(self, ref: PointRef) -> Client:
        if self._client is None:
            raise ConnectionError(f"no connection: {self._upkeep.trouble}")
        if ref not in self._nodes:
            raise ValueError("the server has no such namespace")
        return self._client

    async def _type_of(self, ref: PointRef) -> ua.VariantType:
        if ref not in self._types:
            self._types[ref] = await self._nodes[ref].read_data_type_as_variant_type()
        return self._types[ref]


def subscription_parameters(publishing_ms: float) -> ua.CreateSubscriptionParameters:
    """Ask for a sign of life every few seconds, and for an end soon after the session's."""
    period_ms = max(publishing_ms, 1.0)
    keep_alive = max(1, round(KEEP_ALIVE_MS / period_ms))
    return ua.CreateSubscriptionParameters(
        RequestedPublishingInterval=ua.Double(publishing_ms),
        # At least three times the other (OPC 10000-4, 5.13.2.2).
        RequestedLifetimeCount=ua.UInt32(max(3 * keep_alive, round(SESSION_MS / period_ms))),
        RequestedMaxKeepAliveCount=ua.UInt32(keep_alive),
        MaxNotificationsPerPublish=ua.UInt32(10_000),
        PublishingEnabled=True,
    )


def _sample(entry: NodeEntry, data: ua.DataValue, time_ms: float | None) -> Sample:
    value = None if data.Value is None else data.Value.Value
    status = data.StatusCode
    code, name = (0, "Good") if status is None else (int(status.value), status.name)
    return sample_of(entry, value, code, name, time_ms)


def _refused(status: str) -> Said:
    return Said(status, "device-refused", text=status)


def node_text(text: str, namespaces: Sequence[str]) -> str:
    """Give a node id by the index of its namespace where it is named by URI.

    Raises:
        ValueError: the server has no such namespace.
    """
    if not text.startswith("nsu="):
        return text
    uri, _, rest = text.removeprefix("nsu=").partition(";")
    if uri not in namespaces:
        raise ValueError(Said(f"the server has no namespace {uri}", "namespace", uri=uri))
    return f"ns={namespaces.index(uri)};{rest}"


def check_files(security: SecuritySettings, folder: Path) -> None:
    """Raise AdapterError where a file of the secure channel is missing."""
    for name in (security.certificate, security.key, security.server_certificate):
        if name is not None and not (folder / name).is_file():
            path = str(folder / name)
            raise AdapterError(Said(f"security: there is no file {path}", "file-missing", file=path))


def _parts(refs: Sequence[PointRef]) -> Iterator[Sequence[PointRef]]:
    """What is asked for at once."""
    for start in range(0, len(refs), AT_ONCE):
        yield refs[start : start + AT_ONCE]
