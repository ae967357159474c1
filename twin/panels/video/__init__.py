"""The cameras' recordings as a panel: `/api/video`."""
