"""The rules, in the order in which the first fault wins (Y7 to Y13)."""

import math
from typing import Any

from jobs.pipeline.actions import parse_action
from jobs.pipeline.model import RUN_ALL, Action, Pipeline, PipelineError
from jobs.pipeline.read import Mapping, read, shown

NEWEST = 5
_TOP = ("version", "actions", "expectations")


def parse(text: str) -> Pipeline:
    """Raises PipelineError with the first fault."""
    document = read(text)
    if not isinstance(document, Mapping):
        raise PipelineError("not_a_mapping", "project.yaml is empty or not made of key: value pairs.")
    check_keys(document, _TOP, "project")
    version = _version(document)
    actions = document.get("actions")
    if not isinstance(actions, Mapping):
        raise PipelineError(
            "wrong_type", "`actions` must be a mapping of names to actions.", line_of(document, "actions")
        )
    parsed = tuple(
        parse_action(str(name), body, version, actions.lines.get(name, 0)) for name, body in actions.items()
    )
    _check_together(parsed, version)
    _check_expectations(document, version)
    _check_cycles(parsed)
    own = tuple(action for action in parsed if action.name != RUN_ALL)
    return Pipeline(version=version, actions=own)


def line_of(mapping: Mapping, key: Any) -> int | None:
    return mapping.lines.get(key)


def check_keys(mapping: Mapping, allowed: tuple[str, ...], where: str) -> None:
    """All keys are words, and known ones."""
    for key in mapping:
        if not isinstance(key, str) or key == "cls":
            raise PipelineError(
                "invalid_value", f"{shown(key)} cannot be a key of the {where}.", mapping.lines.get(key)
            )
    unknown = [key for key in mapping if key not in allowed]
    if unknown:
        names = ", ".join(unknown)
        raise PipelineError(
            "unexpected_parameters", f"Unexpected in the {where}: {names}.", mapping.lines.get(unknown[0])
        )


def _version(document: Mapping) -> float:
    value = document.get("version")
    line = document.lines.get("version")
    if value is None:
        raise PipelineError("version_missing", f"`version` is missing; the newest is {NEWEST}.")
    try:
        version = float(value)
    except OverflowError as exc:
        raise PipelineError("invalid_value", f"`version` {shown(value)} is too large.", line) from exc
    except (TypeError, ValueError) as exc:
        raise PipelineError(
            "version_not_number",
            f"`version` must be a number between 1 and {NEWEST}, not {shown(value)}.",
            line,
        ) from exc
    if math.isnan(version):
        return 1.0
    if version > NEWEST:
        raise PipelineError(
            "version_too_new", f"The newest version is {NEWEST}, but this is {shown(value)}.", line
        )
    return version


def _check_together(actions: tuple[Action, ...], version: float) -> None:
    for action in actions:
        if version >= 4 and action.image.startswith("cohortextractor"):
            raise PipelineError(
                "cohortextractor_removed",
                f"Action {action.name}: cohortextractor is no longer supported.",
                action.line,
            )
    for action in actions:
        if version >= 5 and action.image.endswith(":latest"):
            raise PipelineError(
                "latest_tag",
                f"Action {action.name} uses {action.image}; name a version, for example `:v2`.",
                action.line,
            )
    runs: dict[str, str] = {}
    for action in actions:
        if (other := runs.setdefault(action.run, action.name)) != action.name:
            raise PipelineError(
                "duplicate_run", f"Actions {other} and {action.name} have the same run.", action.line
            )
    if version >= 2:
        _check_paths(actions)
    names = {action.name for action in actions}
    for action in actions:
        for need in action.needs:
            if need not in names:
                raise PipelineError(
                    "unknown_needs",
                    f"Action {action.name} needs {need}, which is not an action.",
                    action.line,
                )


def _check_paths(actions: tuple[Action, ...]) -> None:
    seen: dict[str, str] = {}
    for action in actions:
        for outputs in action.outputs.values():
            for path in outputs.values():
                if path in seen:
                    raise PipelineError(
                        "output_path_not_unique",
                        f"The output path {path} stands twice: in {seen[path]} and in {action.name}.",
                        action.line,
                    )
                seen[path] = action.name


def _check_expectations(document: Mapping, version: float) -> None:
    value, line = document.get("expectations"), document.lines.get("expectations")
    if version >= 4 and value is not None:
        raise PipelineError("expectations_not_supported", "Remove the `expectations` section.", line)
    if version != 3:
        return
    if value is None:
        raise PipelineError("expectations_missing", "`expectations` is missing.")
    if not isinstance(value, Mapping):
        raise PipelineError("wrong_type", "`expectations` must be a mapping.", line)
    if "population_size" not in value:
        raise PipelineError(
            "population_size_missing", "`population_size` is missing in `expectations`.", line
        )
    check_keys(value, ("population_size",), "expectations section")
    try:
        int(value["population_size"])
    except OverflowError as exc:
        raise PipelineError("invalid_value", "`population_size` is too large.", line) from exc
    except (TypeError, ValueError) as exc:
        raise PipelineError(
            "population_size_not_number", "`population_size` must be a number.", line
        ) from exc


def _check_cycles(actions: tuple[Action, ...]) -> None:
    """Ours: the reference accepts a cycle and can never run it."""
    needs = {action.name: action.needs for action in actions}
    lines = {action.name: action.line for action in actions}
    done: set[str] = set()
    for start in needs:
        path: list[str] = []
        stack: list[tuple[str, int]] = [(start, 0)]
        while stack:
            name, turn = stack.pop()
            if turn == 0:
                if name in done:
                    continue
                if name in path:
                    loop = " -> ".join([*path[path.index(name) :], name])
                    raise PipelineError("dependency-cycle", f"Actions need each other: {loop}.", lines[name])
                path.append(name)
            if turn < len(needs[name]):
                stack.append((name, turn + 1))
                stack.append((needs[name][turn], 0))
            else:
                path.pop()
                done.add(name)
