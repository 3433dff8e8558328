"""Mails: a folder each, text and HTML, on a base that says why you got it."""

from typing import NamedTuple

from clients.identity import Contact
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notifications.models import Delivery


class Mail(NamedTuple):
    text: str
    html: str


_environment = Environment(
    loader=PackageLoader("notifications"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_mail(delivery: Delivery, to: Contact, base_url: str) -> Mail:
    values = {**delivery.context, "to": to, "base_url": base_url.rstrip("/"), "subject": delivery.subject}
    return Mail(
        *(
            _environment.get_template(f"{delivery.template}/body.{kind}").render(values)
            for kind in ("txt", "html")
        )
    )
