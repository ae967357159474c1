"""The cameras' recordings: recorded, kept, found again by moment, and given out as HLS, stills and clips."""
