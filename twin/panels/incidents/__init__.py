"""Incident reports over HTTP: records that people write, and what the log and the film say to them."""
