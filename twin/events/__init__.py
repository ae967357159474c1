"""What happened, who did it and why: an append-only, hash-chained log that every panel writes and reads."""
