"""Who people and backends are, what they may do, what was done."""
