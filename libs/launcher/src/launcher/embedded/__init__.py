"""PostgreSQL and NATS from their wheels, under our own launcher (stack §0.8, §3)."""
