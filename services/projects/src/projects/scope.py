"""Which restricted data a project may use: reviewed YAML, read once (P18 to P20)."""

import re
from pathlib import Path

import yaml

from projects.models import NUMBER

_POPULATIONS = ("include_t1oo", "include_ndoo", "include_gp_unactivated")
_EXEMPT = "opensafely-internal"  # the one project without a number
_RANGE = re.compile(r"(\d+)-(\d+)")


class Permissions:
    """`<permission>.yaml` holds a list of project numbers, ranges `a-b`, or the one exempt slug."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise RuntimeError(f"PERMISSIONS_DIR {folder} is not there.")
        files = {file.stem: file for file in sorted(folder.glob("*.yaml"))}
        self._populations = {name: _keys(files[name]) for name in _POPULATIONS if name in files}
        self._datasets = {name: _keys(file) for name, file in files.items() if name not in _POPULATIONS}

    def scope(self, number: str | None, slug: str) -> dict[str, list[str]]:
        """By number if there is one, else by the exempt slug; T1OO always needs a number."""
        key = slug if number is None and slug == _EXEMPT else number
        populations = [
            name
            for name, keys in self._populations.items()
            if key in keys and (number is not None or name != "include_t1oo")
        ]
        datasets = [name for name, keys in self._datasets.items() if key in keys]
        scope = {"population_permissions": populations, "dataset_permissions": datasets}
        return {name: found for name, found in scope.items() if found}


def _keys(file: Path) -> frozenset[str]:
    # As the text that stands there: to YAML 010 is eight and 1:30 is ninety.
    listed = yaml.load(file.read_text(), yaml.BaseLoader) or []  # noqa: S506  # makes nothing but text
    if not isinstance(listed, list):
        raise RuntimeError(f"{file.name} is not a list.")
    keys: set[str] = set()
    for entry in listed:
        found = _RANGE.fullmatch(str(entry))
        between = range(int(found[1]), int(found[2]) + 1) if found else ()
        keys.update([str(n) for n in between] or [str(entry)])
    if wrong := sorted(key for key in keys if key != _EXEMPT and not re.fullmatch(NUMBER, key)):
        raise RuntimeError(f"{file.name} names what is no project number: {', '.join(wrong)}.")
    return frozenset(keys)
