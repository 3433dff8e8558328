"""A mail server that keeps everything; equal Message-IDs are one mail, as elsewhere (N4)."""

import asyncio
import email
import email.policy
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.smtp import SMTP

from sandbox.faults import Faults
from sandbox.store import Store


class Handler:
    """Faults of `smtp`: refuse (for now), reject (for good), hang; `smtp_after`: kept, then hung up."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _: SMTP, __: Any, envelope: Any, address: str, ___: list[str]
    ) -> str:
        if self._faults.take("smtp_recipient"):
            return f"550 5.1.1 <{address}>: there is no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server: Any, _: Any, envelope: Any) -> str:  # noqa: N802
        """Written before the 250."""
        if fault := self._faults.take("smtp"):
            if fault.get("kind") == "hang":
                await asyncio.sleep(float(fault.get("seconds", 30)))
            return "554 never" if fault.get("kind") == "reject" else "451 try again later"
        raw = envelope.content
        message = email.message_from_bytes(raw, policy=email.policy.default)
        self._store.run(
            "insert or ignore into mails (message_id, sender, recipient, subject, raw, at)"
            " values (?, ?, ?, ?, ?, ?)",
            message.get("Message-ID"),
            envelope.mail_from,
            ", ".join(envelope.rcpt_tos),
            str(message.get("Subject", "")),
            raw,
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        if self._faults.take("smtp_after"):
            server.transport.abort()
        return "250 kept"


def server(store: Store, faults: Faults) -> SMTP:
    return SMTP(Handler(store, faults), enable_SMTPUTF8=True, hostname="sandbox")
