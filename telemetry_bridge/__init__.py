"""Devices in, frames out: adapters, bindings, live state, hub.

Start reading at `wire` (the frame), then `points` (what a point is), `live` (the newest state),
`bridge` (readings in, frames out) and `hub` (frames to clients). `docs/wire.md` is the same contract for
people who write the other end.
"""
