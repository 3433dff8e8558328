"""One `render(name, view)`: views arrive formatted, so templates do no work (ADR 10)."""

from importlib.metadata import version
from importlib.resources import files
from typing import Any

from minijinja import Environment

from gateway.assets import Assets

_GATEWAY = files("gateway")


class Renderer:
    def __init__(self, assets: Assets) -> None:
        self.globals = {
            "asset": assets.url,
            "icons": assets.url("icons.svg"),
            "version": version("gateway"),
        }
        self._environment = Environment(
            loader=source,
            auto_escape_callback=lambda _: "html",
            undefined_behavior="strict",
            trim_blocks=True,
            lstrip_blocks=True,
            debug=False,  # errors go to the log, and what a page shows does not belong there
            globals=self.globals,
        )

    def render(self, name: str, /, **values: Any) -> bytes:
        """The page as UTF-8; a missing value is an error, never an empty place."""
        page = self._environment.render_template(name, **values)
        # Escaped by the engine though it means nothing in text or between quotes; addresses stay readable.
        return page.replace("&#x2f;", "/").encode()


def source(name: str) -> str:
    """The text of a template, named `area/file`; names are ours, never a caller's."""
    area, _, file = name.partition("/")
    return _GATEWAY.joinpath(area, "templates", file).read_text()
