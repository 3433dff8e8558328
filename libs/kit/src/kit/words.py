"""Text from outside has a bound where it is kept (J37)."""

STATUS_MESSAGE = 4_000  # bytes
COMMIT_SUBJECT = 300
DETAIL = 16_000  # what staff read of an error
UPDATE = 500


def cut(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8; what is cut ends in `… (cut, 12 kB)`, which says how long it was."""
    raw = text.encode(errors="replace")
    if len(raw) <= limit:
        return text
    size = f"{len(raw) / 1000:.0f} kB" if len(raw) >= 1000 else f"{len(raw)} B"
    end = f"… (cut, {size})"
    return raw[: limit - len(end.encode())].decode(errors="ignore") + end
