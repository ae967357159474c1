"""`/ws/live` and `/ws/replay`: the streams, for those who may see them and as long as they may."""

import asyncio
import contextlib
from collections.abc import Awaitable
from dataclasses import dataclass

import structlog
from fastapi import APIRouter, Depends, WebSocket
from sqlalchemy.exc import SQLAlchemyError

from twin.accounts.roles import Role
from twin.errors import RequestError
from twin.http.identity import CLOSE_SIGN_IN, Credential, check_role, person_of, requires, shown_by
from twin.runtime import Twin

RECHECK_S = 20.0
"""So long at most a stream goes on after its session ended or its account was disabled."""

LOG = structlog.get_logger(__name__)

router = APIRouter()


@router.websocket("/ws/live", dependencies=[Depends(requires(Role.OPERATOR))])
async def live(websocket: WebSocket) -> None:
    """The live stream; its protocol is in docs/wire.md."""
    twin: Twin = websocket.app.state.twin
    stream_pass = StreamPass(shown_by(websocket), Role.OPERATOR)
    await _serve(websocket, twin.socket.serve_client(websocket, stream_pass), stream_pass)


@router.websocket("/ws/replay", dependencies=[Depends(requires(Role.MANAGER))])
async def replay(websocket: WebSocket) -> None:
    """The film as a stream; its protocol is in docs/wire.md."""
    twin: Twin = websocket.app.state.twin
    stream_pass = StreamPass(shown_by(websocket), Role.MANAGER)
    person = await person_of(websocket)
    await _serve(websocket, twin.replay.serve_client(websocket, person.display_name), stream_pass)


@dataclass(frozen=True, slots=True)
class StreamPass:
    """What lets somebody see a stream: who they are, and the role that it needs."""

    credential: Credential
    role: Role

    async def holds(self) -> bool:
        """Whether it still does; where the database cannot be asked, what it said last holds."""
        try:
            check_role(await self.credential.person(), self.role)
        except RequestError:
            return False
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            LOG.warning("sessions of streams cannot be checked", reason=str(error))
        return True


async def _serve(websocket: WebSocket, serving: Awaitable[None], stream_pass: StreamPass) -> None:
    """Serve until the client leaves, or may not stay."""
    work = asyncio.ensure_future(serving)
    try:
        while not (await asyncio.wait({work}, timeout=RECHECK_S))[0]:
            if not await stream_pass.holds():
                await _cancel(work)
                await websocket.close(CLOSE_SIGN_IN, "the session has ended")
                return
        await work
    finally:
        await _cancel(work)


async def _cancel(work: "asyncio.Future[None]") -> None:
    """End it, whatever it was doing; what goes wrong in it now matters to nobody."""
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await work
