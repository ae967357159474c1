"""`/ws/live` and `/ws/replay`: the streams, for those who may see them and as long as they may."""

import asyncio
import contextlib
from collections.abc import Awaitable

from fastapi import APIRouter, Depends, WebSocket

from twin.accounts.roles import Role
from twin.errors import RequestError
from twin.http.identity import CLOSE_SIGN_IN, check_role, find_person, requires
from twin.runtime import Twin

RECHECK_S = 20.0
"""So long at most a stream goes on after its session ended or its account was disabled."""

router = APIRouter()


@router.websocket("/ws/live", dependencies=[Depends(requires(Role.OPERATOR))])
async def live(websocket: WebSocket) -> None:
    """The live stream; its protocol is in docs/wire.md."""
    twin: Twin = websocket.app.state.twin
    await _serve(websocket, twin.socket.serve_client(websocket), Role.OPERATOR)


@router.websocket("/ws/replay", dependencies=[Depends(requires(Role.MANAGER))])
async def replay(websocket: WebSocket) -> None:
    """The film as a stream; its protocol is in docs/wire.md."""
    twin: Twin = websocket.app.state.twin
    await _serve(websocket, twin.replay.serve_client(websocket), Role.MANAGER)


async def _serve(websocket: WebSocket, serving: Awaitable[None], role: Role) -> None:
    """Serve until the client leaves, or may not stay."""
    work = asyncio.ensure_future(serving)
    try:
        while not (await asyncio.wait({work}, timeout=RECHECK_S))[0]:
            if not await _may_stay(websocket, role):
                await _cancel(work)
                await websocket.close(CLOSE_SIGN_IN, "the session has ended")
                return
        await work
    finally:
        await _cancel(work)


async def _may_stay(websocket: WebSocket, role: Role) -> bool:
    try:
        check_role(await find_person(websocket), role)
    except RequestError:
        return False
    return True


async def _cancel(work: "asyncio.Future[None]") -> None:
    """End it, whatever it was doing; what goes wrong in it now matters to nobody."""
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await work
