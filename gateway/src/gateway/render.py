"""One `render(name, view)`: views arrive formatted, so templates do no work (stack §0.7)."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.assets import Assets


class Renderer:
    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=PackageLoader("gateway"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self._environment.globals["asset"] = assets.url
        self._environment.globals["icons"] = assets.url("icons.svg")

    def render(self, name: str, /, **values: Any) -> bytes:
        """The page as UTF-8; a missing value is an error, never an empty place."""
        return self._environment.get_template(name).render(values).encode()
