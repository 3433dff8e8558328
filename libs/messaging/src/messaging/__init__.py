"""Unit of work, outbox, relay, inbox, consumers, dead letters, replicas, topology."""
