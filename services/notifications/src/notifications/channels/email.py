"""Mail by SMTP: kept connections, a stable Message-ID, so that a repeat is recognised (rulings 3.14)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.utils import formatdate
from urllib.parse import urlsplit

import aiosmtplib
from clients.identity import Contact

from notifications.channels import Failed
from notifications.models import Delivery
from notifications.render import Mail, render_mail
from notifications.settings import Settings

CONNECTIONS = 4


class EmailChannel:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._idle: list[aiosmtplib.SMTP] = []
        self._slots = asyncio.Semaphore(CONNECTIONS)
        self._domain = urlsplit(settings.base_url).hostname or "jobserver"

    async def send(self, delivery: Delivery, to: Contact | None) -> None:
        """Raises Failed."""
        if to is None or not to.email:
            raise Failed("This person has no e-mail address.")
        message = self._message(delivery, to, render_mail(delivery, to, self._settings.base_url))
        async with self._connection() as smtp:
            try:
                await smtp.send_message(message)
            except (aiosmtplib.SMTPException, OSError) as exc:
                smtp.close()
                raise Failed(f"{type(exc).__name__}: {exc}") from exc

    def _message(self, delivery: Delivery, to: Contact, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = delivery.subject.replace("\n", " ")
        message["From"] = self._settings.email_from
        message["To"] = f"{to.email}"
        message["Reply-To"] = self._settings.email_reply_to
        message["Date"] = formatdate()
        message["Message-ID"] = f"<delivery-{delivery.key.replace(':', '.')}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        return message

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        async with self._slots:
            smtp = self._idle.pop() if self._idle else None
            if smtp is None or not smtp.is_connected:
                smtp = await self._connect()
            try:
                yield smtp
            finally:
                if smtp.is_connected:
                    self._idle.append(smtp)

    async def _connect(self) -> aiosmtplib.SMTP:
        parts = urlsplit(self._settings.smtp_url)
        if not parts.hostname:
            raise Failed("SMTP_URL is not set.")
        smtp = aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port or 25,
            username=parts.username,
            password=parts.password,
            use_tls=parts.scheme == "smtps",
            timeout=15,
        )
        try:
            await smtp.connect()
        except (aiosmtplib.SMTPException, OSError) as exc:
            raise Failed(f"{type(exc).__name__}: {exc}") from exc
        return smtp

    async def close(self) -> None:
        for smtp in self._idle:
            smtp.close()
