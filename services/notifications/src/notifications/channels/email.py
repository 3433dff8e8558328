"""Mail by SMTP: kept connections, a stable Message-ID, so that a repeat is recognised (N4)."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

import aiosmtplib
from clients.identity import Contact

from notifications.channels import Failed
from notifications.models import Delivery
from notifications.render import Mail, render_mail
from notifications.settings import Settings

CONNECTIONS = 4


class EmailChannel:
    def __init__(self, settings: Settings, *, timeout: float = 15) -> None:
        self._settings = settings
        self._timeout = timeout
        self._idle: list[aiosmtplib.SMTP] = []
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._domain = urlsplit(settings.base_url).hostname or "jobserver"

    async def send(self, delivery: Delivery, to: Contact | None) -> None:
        """Raises Failed."""
        if to is None or not to.email:
            raise Failed("This person has no e-mail address.")
        message = self._message(delivery, to.email, render_mail(delivery, to, self._settings.base_url))
        try:
            async with self._connection() as smtp:
                await smtp.send_message(message, recipients=[to.email])
        except (aiosmtplib.SMTPException, OSError) as exc:
            raise _failed(exc, to.email) from exc

    def _message(self, delivery: Delivery, address: str, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = " ".join(delivery.subject.split())
        message["From"] = self._settings.email_from
        try:
            message["To"] = Address(addr_spec=address)
        except (MessageError, ValueError, IndexError) as exc:
            raise Failed("This person's e-mail address is not one.", for_good=True) from exc
        message["Reply-To"] = self._settings.email_reply_to
        message["Date"] = formatdate()
        message["Message-ID"] = f"<delivery-{delivery.key.replace(':', '.')}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        return message

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Kept for the next mail only when this one went well: nobody knows where a broken talk stopped."""
        async with self._slots:
            smtp = self._idle.pop() if self._idle else None
            if smtp is None or not smtp.is_connected:
                smtp = await self._connect()
            try:
                yield smtp
            except BaseException:
                smtp.close()
                raise
            self._idle.append(smtp)

    async def _connect(self) -> aiosmtplib.SMTP:
        parts = urlsplit(self._settings.smtp_url)
        if not parts.hostname:
            raise Failed("SMTP_URL is not set.")
        smtp = aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port or 25,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=parts.scheme == "smtps",
            timeout=self._timeout,
        )
        await smtp.connect()
        return smtp

    async def close(self) -> None:
        for smtp in self._idle:
            smtp.close()


def _failed(exc: Exception, address: str) -> Failed:
    """What the server said of this one mail with 5xx will not change; of anything else it may.

    The address is taken out of its words, since they are kept (N5).
    """
    said = exc.recipients[0] if isinstance(exc, aiosmtplib.SMTPRecipientsRefused) else exc
    for_good = False
    reason = f"{type(said).__name__}: {said}"
    if isinstance(said, aiosmtplib.SMTPResponseException):
        about_this_mail = isinstance(said, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError)
        for_good = about_this_mail and said.code >= 500
        reason = f"The mail server said {said.code} {said.message}"
    reason = re.sub(re.escape(address), "(address)", reason, flags=re.IGNORECASE)
    return Failed(reason, for_good=for_good)
