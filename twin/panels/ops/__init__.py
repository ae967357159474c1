"""Operations: the ledger of devices with their health, and work orders from report to verification."""
