"""Devices in, frames out: adapters, bindings, live state, hub."""
