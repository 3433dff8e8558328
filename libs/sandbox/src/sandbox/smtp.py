"""A mail server that keeps everything; equal Message-IDs are one mail, as elsewhere (rulings 3.14)."""

import email
import email.policy
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.smtp import SMTP

from sandbox.faults import Faults
from sandbox.store import Store


class Handler:
    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    async def handle_DATA(self, _: SMTP, __: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Written before the 250."""
        if self._faults.take("smtp"):
            return "451 try again later"
        raw = envelope.content
        message = email.message_from_bytes(raw, policy=email.policy.default)
        self._store.run(
            "insert or ignore into mails (message_id, sender, recipient, subject, raw, at)"
            " values (?, ?, ?, ?, ?, ?)",
            message.get("Message-ID", ""),
            envelope.mail_from,
            ", ".join(envelope.rcpt_tos),
            str(message.get("Subject", "")),
            raw,
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        return "250 kept"


def server(store: Store, faults: Faults) -> SMTP:
    return SMTP(Handler(store, faults), enable_SMTPUTF8=True, hostname="sandbox")
