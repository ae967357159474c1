"""Who may do what: local accounts, roles, sessions and keys for programs."""
