"""PostgreSQL and NATS from their wheels, under our own launcher (ADR 5)."""
