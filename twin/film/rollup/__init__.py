"""Sums of the film by minute, hour and day of the venue: made as it is recorded, kept longer than it."""
