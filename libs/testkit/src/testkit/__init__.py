"""Pytest plugin: PostgreSQL, NATS, factories, frozen clock."""
