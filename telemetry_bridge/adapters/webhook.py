"""A webhook: other systems post their messages; whoever has HTTP calls `receive`.

The server's part is `twin/http/hooks.py`. Nothing here waits: a message is checked and mapped at once.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from telemetry_bridge.adapter_file_parts import secret_of
from telemetry_bridge.adapter_file_webhook import WebhookSettings
from telemetry_bridge.adapters.tally import Tally
from telemetry_bridge.adapters.webhook_mapping import HookEvent, Rules
from telemetry_bridge.adapters.webhook_proof import (
    Mark,
    Replays,
    check_bearer,
    check_signature,
    mark_of,
    secret_bytes,
)
from telemetry_bridge.errors import AdapterError, CommandError, HookError
from telemetry_bridge.ports import Acceptance, Command, Health, Sink
from telemetry_bridge.said import Said

MAX_BYTES = 1024 * 1024
MS_PER_S = 1000.0


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a message: its samples, and the events that are yet to be written down."""

    mark: Mark
    acceptance: Acceptance
    events: tuple[HookEvent, ...]


class WebhookAdapter:
    """One webhook of the file."""

    def __init__(self, settings: WebhookSettings, environment: Mapping[str, str]) -> None:
        """Read the secret.

        Raises:
            AdapterError: it is not set, or cannot be one.
        """
        secret = secret_of(settings.secret_env, environment) or ""
        try:
            self._secret = secret_bytes(secret) if settings.auth == "hmac" else secret.encode()
        except ValueError as error:
            raise AdapterError(f"{settings.secret_env}: {error}") from error
        self._settings = settings
        self._rules = Rules(settings)
        self._tally = Tally(settings.id)
        self._replays = Replays(settings.max_age_s * MS_PER_S, time.time() * MS_PER_S)
        self._sink: Sink | None = None
        self._heard_ms: float | None = None
        self._started_ms = 0.0
        self._messages = 0

    async def start(self, sink: Sink) -> None:
        """Begin to take messages."""
        self._sink, self._started_ms = sink, time.time() * MS_PER_S

    async def stop(self) -> None:
        """Take no more messages."""
        self._sink = None

    async def send(self, command: Command) -> None:
        """Refuse: a webhook only listens. CommandError always."""
        raise CommandError(f"{command.device}/{command.point}: a webhook takes no commands")

    def writes(self, device: str, point: str) -> bool:  # noqa: ARG002 - the port's names
        """Say that no command is for a webhook."""
        return False

    def health(self) -> Health:
        """Say how many messages came; down where the sender was silent for longer than it may be."""
        tally, silent = self._tally, self._silent_s()
        running = self._sink is not None
        detail = f"listens at /api/hooks/{self._settings.id}" if running else Said("stopped", "stopped")
        if silent:
            detail = Said(
                f"{detail}; nothing came for {silent:.0f} s", "webhook-silent", seconds=round(silent)
            )
        return Health(
            running and not silent,
            detail,
            self._messages,
            tally.refused,
            last_ms=self._heard_ms,
            last_error=tally.last_error,
        )

    def _silent_s(self) -> float:
        """How long nothing came, s, where that is too long; else 0."""
        if not self._settings.period_s:
            return 0.0
        silent_s = time.time() - max(self._heard_ms or 0.0, self._started_ms) / MS_PER_S
        return silent_s if silent_s > self._settings.period_s else 0.0

    def receive(self, headers: Mapping[str, str], body: bytes) -> Received:
        """Take a message; `headers` have names in lower case.

        Raises:
            HookError: it is not the sender's, not new, or cannot be read; nothing of it was taken.
        """
        try:
            return self._received(headers, body)
        except HookError as error:
            self._tally.refuse(1, str(error))
            raise

    def _received(self, headers: Mapping[str, str], body: bytes) -> Received:
        if self._sink is None:
            raise HookError("busy", "the webhook does not run")
        if len(body) > MAX_BYTES:
            raise HookError("too_large", f"a message may have {MAX_BYTES:,} bytes")
        if self._settings.auth == "hmac":
            check_signature(self._settings, self._secret, headers, body)
        else:
            check_bearer(self._secret, headers)
        document = _document(body)
        mark = mark_of(self._settings, headers, document)
        mapped = self._rules.apply(document)
        self._replays.take(mark, time.time() * MS_PER_S)
        taken = self._sink.accept(mapped.readings)
        acceptance = Acceptance(
            taken.accepted,
            tuple(sorted((*mapped.refused, *taken.refused), key=lambda each: each.index)),
            taken.unlisted,
        )
        self._tally.take(acceptance)
        self._messages += 1
        self._heard_ms = time.time() * MS_PER_S
        return Received(mark, acceptance, mapped.events)

    def give_back(self, mark: Mark) -> None:
        """Let a message be sent again whose events could not be written down."""
        self._replays.give_back(mark)


def _document(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise HookError("malformed", f"not JSON: {error}") from error
