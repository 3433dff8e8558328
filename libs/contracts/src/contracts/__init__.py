"""Published events, value types, roles and permissions; no behaviour, no I/O."""
