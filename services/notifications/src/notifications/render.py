"""The words of messages. A mail is a folder: text and HTML, on a base that says why you got it."""

import re
from typing import NamedTuple

from clients.identity import Contact
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notifications.models import Delivery

_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})  # nobody calls a whole channel (N7)


class Mail(NamedTuple):
    text: str
    html: str


class OnGitHub(NamedTuple):
    """What became of the comment about the same step."""

    url: str | None = None
    error: str | None = None


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


def for_slack(text: str) -> str:
    """Without this `<!channel>` in somebody's words would call everybody."""
    return text.translate(_SLACK)


def for_github(text: str) -> str:
    """Names neither begin nor end a link, nor are they HTML."""
    return re.sub(r"([\\\[\]<])", r"\\\1", text)


def slack_text(delivery: Delivery, base_url: str, on_github: OnGitHub) -> str:
    context = delivery.context
    if delivery.template == "user_registered":
        name = for_slack(context["username"])
        return f"New user ({name}) registered: <{base_url.rstrip('/')}/staff/users/{name}/|{name}>"
    if delivery.template == "staff_told":
        link = f"<{base_url.rstrip('/')}{context['path']}|{for_slack(context['title'])}>"
        title = link if context["path"] else for_slack(context["title"])
        return "\n".join([title, *map(for_slack, context["lines"])])
    head = f"{for_slack(context['title'])} has been updated"
    lines = [f"<{on_github.url}|{head}>" if on_github.url else head]
    lines += [f"- {for_slack(line)}" for line in context["lines"]]
    if on_github.error:
        lines.append(f"A GitHub error occurred: {for_slack(on_github.error)}")
    return "\n".join(lines)
