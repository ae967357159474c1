"""`/api/video`: the cameras' recordings, live and past; see docs/video.md."""

from collections.abc import Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import AwareDatetime

from telemetry_bridge.times import format_rfc3339
from twin.accounts.roles import Role
from twin.errors import BadRequestError, NotFoundError
from twin.http.context import TwinDep
from twin.http.identity import PersonDep, check_role, requires
from twin.http.moments import From, To, milliseconds, span_of
from twin.http.problems import PROBLEM_RESPONSES
from twin.panels.panel import service_of
from twin.panels.video.schemas import VideoCameras, VideoSpan, VideoSpans
from twin.panels.video.service import CameraVideo, checked_clip
from twin.runtime import Twin
from twin.video import clip, playlist
from twin.video.errors import MediaError
from twin.video.pipes import has_libav
from twin.video.playlist import Shown
from twin.video.viewings import hour_of

router = APIRouter(
    prefix="/api/video",
    tags=["video"],
    responses=PROBLEM_RESPONSES,
    dependencies=[Depends(requires(Role.OPERATOR))],
)

PLAYLIST: dict[int | str, dict[str, Any]] = {
    200: {"content": {playlist.MEDIA_TYPE: {"schema": {"type": "string"}}}}
}
MP4: dict[int | str, dict[str, Any]] = {
    200: {"content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}}}
}
JPEG: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        "headers": {"X-Frame-Time": {"schema": {"type": "string"}, "description": "RFC 3339."}},
    }
}
LONGEST_PLAYLIST_MS = 86_400_000.0
LIVE_BACK_MS = 90_000.0
IMMUTABLE = "private, max-age=31536000, immutable"
UNCHANGING = "private, max-age=3600"
NO_STORE = "no-store"


def _video(request: Request) -> CameraVideo:
    found: CameraVideo = service_of(request, "video")
    return found


VideoDep = Annotated[CameraVideo, Depends(_video)]
past = [Depends(requires(Role.MANAGER))]


@router.get("", operation_id="listVideoCameras")
async def list_cameras(video: VideoDep) -> VideoCameras:
    """The cameras that are recorded, or were, and how each is."""
    return VideoCameras(cameras=await video.ask(video.cameras), pictures=has_libav())


@router.get("/{camera}/spans", operation_id="getVideoSpans", dependencies=past)
async def get_spans(
    twin: TwinDep, video: VideoDep, camera: str, from_: From = None, to: To = None
) -> VideoSpans:
    """From when to when there are recordings; the last day when no time is given."""
    await video.check(camera)
    found = await video.ask(video.recordings.spans, camera, *span_of(twin, from_, to))
    return VideoSpans(
        spans=[VideoSpan(from_time=format_rfc3339(e.from_ms), to=format_rfc3339(e.to_ms)) for e in found]
    )


@router.get("/{camera}/playlist.m3u8", operation_id="getVideoPlaylist", responses=PLAYLIST, dependencies=past)
async def get_playlist(
    twin: TwinDep, video: VideoDep, person: PersonDep, camera: str, from_: From = None, to: To = None
) -> Response:
    """What was recorded in a stretch of a day at most, as an HLS playlist (fragmented MP4)."""
    await video.check(camera)
    from_ms, to_ms = span_of(twin, from_, to)
    if to_ms - from_ms > LONGEST_PLAYLIST_MS:
        raise BadRequestError("a playlist is of a day at most; ask for less")
    found = await video.ask(video.recordings.shown, camera, from_ms, to_ms)
    await video.note_viewing(person, camera, from_ms, to_ms, "film")
    return _playlist(playlist.written(found))


@router.get("/{camera}/live.m3u8", operation_id="getLiveVideo", responses=PLAYLIST)
async def get_live(twin: TwinDep, video: VideoDep, person: PersonDep, camera: str) -> Response:
    """The last seconds, and what comes: an HLS playlist without an end."""
    await video.check(camera)
    now_ms = twin.clock.now_ms()
    found = await video.ask(video.recordings.live, camera, now_ms, twin.clock.speed)
    await video.note_viewing(person, camera, found[0].fragment.begin_ms, now_ms, "live")
    return _playlist(playlist.written(found, live=True))


def _playlist(text: str) -> Response:
    return Response(text, media_type=playlist.MEDIA_TYPE, headers={"cache-control": NO_STORE})


@router.get(
    "/{camera}/media/{name}", operation_id="getVideoMedia", response_class=FileResponse, responses=MP4
)
async def get_media(
    twin: TwinDep, video: VideoDep, person: PersonDep, camera: str, name: str
) -> FileResponse:
    """A segment, whole or as far as it has grown; ranges of it as playlists say."""
    await video.check(camera)
    found = await video.ask(video.recordings.file, camera, name)
    if found is None:
        raise NotFoundError(f"no segment {name[:100]!r} of {camera[:100]}: it may have been deleted")
    segment, path = found
    if segment.end_ms is not None and segment.end_ms < twin.clock.now_ms() - _back_ms(twin):
        check_role(person, Role.MANAGER)  # whoever sees the present sees the last seconds alone
    is_named = segment.end_ms is not None and segment.name == name
    headers = {"cache-control": IMMUTABLE if is_named else NO_STORE}
    try:
        return FileResponse(path, media_type="video/mp4", headers=headers, stat_result=path.stat())
    except OSError as error:
        raise NotFoundError(f"the segment {name[:100]!r} has been deleted") from error


def _back_ms(twin: Twin) -> float:
    """How far back whoever sees the present may see."""
    return LIVE_BACK_MS * max(twin.clock.speed, 1.0)


@router.get("/{camera}/frame.jpg", operation_id="getVideoFrame", responses=JPEG, response_class=Response)
async def get_frame(
    video: VideoDep,
    person: PersonDep,
    camera: str,
    at: Annotated[
        AwareDatetime | None, Query(description="A past moment, RFC 3339; the newest picture when left out.")
    ] = None,
    width: Annotated[int | None, Query(ge=16, le=7680, description="In pixels; as recorded at most.")] = None,
    key: Annotated[
        bool, Query(description="The nearest picture before it that is quick to decode will do.")
    ] = False,
) -> Response:
    """The picture that was shown at a moment; `X-Frame-Time` says when it was taken."""
    if at is not None:
        check_role(person, Role.MANAGER)
    await video.check(camera)
    found = await video.ask(_picture, video, camera, at, width, key)
    if at is None:
        await video.note_viewing(person, camera, found.time_ms, found.time_ms, "live")
    else:
        await video.note_viewing(person, camera, *hour_of(found.time_ms), "pictures")
    content = await video.stills.picture(found.wanted)
    caching = UNCHANGING if at is not None and found.whole else NO_STORE
    headers = {"x-frame-time": format_rfc3339(found.time_ms), "cache-control": caching}
    return Response(content, media_type="image/jpeg", headers=headers)


def _picture(video: CameraVideo, camera: str, at: datetime | None, width: int | None, key: bool) -> Any:
    at_ms = milliseconds(at)
    return video.recordings.picture(camera, None if at_ms is None else float(at_ms), width, key=key)


@router.get(
    "/{camera}/clip.mp4",
    operation_id="getVideoClip",
    response_class=StreamingResponse,
    responses=MP4,
    dependencies=past,
)
async def get_clip(
    twin: TwinDep, video: VideoDep, person: PersonDep, camera: str, from_: From = None, to: To = None
) -> Response:
    """What was recorded in a stretch of an hour at most, as one MP4 to take along."""
    await video.check(camera)
    from_ms, to_ms = span_of(twin, from_, to)
    checked_clip(from_ms, to_ms, clip.LONGEST_MS)
    found = await video.ask(video.recordings.shown, camera, from_ms, to_ms)
    try:
        planned = clip.plan(found)
    except MediaError as error:
        raise BadRequestError(f"{error}; take a clip of each part") from error
    await video.note_export(person, camera, from_ms, to_ms)
    name = f"{camera}-{format_rfc3339(from_ms)[:19].replace(':', '')}Z.mp4"
    headers = {
        "content-disposition": f'attachment; filename="{name.encode("ascii", "replace").decode()}"',
        "content-length": str(planned.bytes),
        "cache-control": NO_STORE,
    }
    return StreamingResponse(_clip(video, camera, planned), HTTPStatus.OK, headers, "video/mp4")


def _clip(video: CameraVideo, camera: str, planned: clip.ClipPlan) -> Iterator[bytes]:
    """The bytes of a clip; read in a thread, one fragment at a time."""
    yield planned.head
    for sequence, each in enumerate(planned.fragments, 1):
        yield clip.moved(_bytes_of(video, camera, each), planned.moved_ticks, sequence)


def _bytes_of(video: CameraVideo, camera: str, each: Shown) -> bytes:
    found = video.library.find(camera, each.name)
    if found is None:
        raise MediaError("the recording was deleted meanwhile")
    with found[1].open("rb") as file:
        file.seek(each.fragment.offset)
        return file.read(each.fragment.size)
