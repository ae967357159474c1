"""Incident reports: what happened in a stretch of time, as a record, as a document and as an archive."""
