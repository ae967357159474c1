"""Commands to devices: sent as events, handed to the adapter, confirmed by the device's own report."""
