"""Devices as people keep them: facts over the venue's files, secrets, and what binds them to the model."""
