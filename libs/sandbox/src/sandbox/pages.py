"""The stand-ins' own few web pages."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_environment = Environment(
    loader=PackageLoader("sandbox", "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
)


def page(title: str, template: str, **values: Any) -> str:
    base: dict[str, Any] = {"title": title, "problem": None, "people": {}, "hidden": []}
    return _environment.get_template(template).render({**base, **values})
