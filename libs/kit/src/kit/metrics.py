"""Prometheus metrics that every process has."""

from prometheus_client import Counter, Histogram

REQUESTS = Histogram(
    "http_request_seconds",
    "Time to the last byte of a response.",
    ["method", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
MESSAGES = Counter("messages_total", "Messages handled by consumers.", ["consumer", "outcome"])
THROTTLED = Counter("login_tokens_throttled_total", "Times that too many were wrong.", ["by"])
PUBLISHED = Counter("outbox_published_total", "Outbox rows that reached the broker.")
CALLS = Histogram(
    "outgoing_call_seconds",
    "Time of calls to others.",
    ["to", "outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
