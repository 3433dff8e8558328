"""One action: its fields, its outputs, its command (Y14 to Y18)."""

import re
import shlex
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from jobs.pipeline.model import RUN_ALL, Action, PipelineError
from jobs.pipeline.paths import LEVELS, check_path
from jobs.pipeline.read import Mapping, shown

_FIELDS = ("run", "outputs", "needs", "config", "dummy_data_file")
_TYPES: tuple[tuple[str, Any, str], ...] = (
    ("outputs", Mapping, "a mapping"),
    ("run", str, "text"),
    ("needs", list, "a list"),
    ("config", dict, "a mapping"),
    ("dummy_data_file", str, "text"),
)
_VERSION = re.compile(r"v[0-9.]+(-pre.*)?|dev|latest")
_DATASET = re.compile(r"(ehrql|databuilder):\S+ (generate-dataset|generate_dataset)")
_COHORT = re.compile(r"cohortextractor:\w+ generate_cohort")
_DATABASE = {
    "ehrql": {"generate-dataset", "generate-measures"},
    "cohortextractor": {"generate_cohort", "generate_codelist_report"},
    "databuilder": {"generate-dataset"},
}


def parse_action(name: str, body: Any, version: float, line: int) -> Action:
    """Raises PipelineError with the first fault of this action."""
    if name == RUN_ALL and version >= 5:
        raise PipelineError("run_all_reserved", "`run_all` is a reserved name.", line)
    if not isinstance(body, Mapping):
        raise PipelineError("wrong_type", f"Action {name} must be a mapping.", line)
    for key in ("run", "outputs"):
        if key not in body:
            raise PipelineError(f"{key}_missing", f"Action {name} has no `{key}`.", line)
    _check_fields(name, body)
    outputs = _outputs(name, body["outputs"])
    words = _command(name, body["run"], line)
    needs = _needs(name, body.get("needs") or [], line)
    image = words[0].split(":", 1)[0]
    action = Action(
        name=name,
        run=body["run"],
        image=words[0],
        needs=needs,
        outputs=outputs,
        is_database=image == "sqlrunner" or (len(words) > 1 and words[1] in _DATABASE.get(image, ())),
        line=line,
    )
    _check_extraction(action, words)
    return action


def _check_fields(name: str, body: Mapping) -> None:
    for key in body:
        if not isinstance(key, str) or key in {"cls", "action_id"}:
            raise PipelineError(
                "invalid_value", f"{shown(key)} cannot be a key of action {name}.", body.lines.get(key)
            )
    unknown = [key for key in body if key not in _FIELDS]
    if unknown:
        raise PipelineError(
            "unexpected_parameters",
            f"Unexpected in action {name}: {', '.join(unknown)}.",
            body.lines.get(unknown[0]),
        )
    for field, kind, word in _TYPES:
        value = body.get(field)
        optional = field not in {"outputs", "run"}
        if not isinstance(value, kind) and not (optional and value is None):
            raise PipelineError(
                "wrong_type", f"`{field}` of action {name} must be {word}.", body.lines.get(field)
            )


def _outputs(name: str, outputs: Mapping) -> dict[str, dict[str, str]]:
    for key in outputs:
        if not isinstance(key, str) or key in {"cls", "action_id"}:
            raise PipelineError(
                "invalid_value", f"{shown(key)} cannot be an output level of {name}.", outputs.lines.get(key)
            )
    if all(outputs.get(level) is None for level in LEVELS):
        raise PipelineError(
            "outputs_empty", f"Action {name} needs one of {', '.join(LEVELS)} in `outputs`.", outputs.line
        )
    unknown = [key for key in outputs if key not in LEVELS]
    if unknown:
        raise PipelineError(
            "unexpected_parameters",
            f"Unexpected in `outputs` of action {name}: {', '.join(unknown)}.",
            outputs.line,
        )
    found: dict[str, dict[str, str]] = {}
    for level in LEVELS:
        entries = outputs.get(level)
        if entries is None:
            continue
        if not isinstance(entries, Mapping):
            raise PipelineError(
                "wrong_type", f"`{level}` of action {name} must be a mapping.", outputs.lines.get(level)
            )
        for entry, path in entries.items():
            if not isinstance(path, str):
                raise PipelineError(
                    "wrong_type", f"Output {entry} of action {name} must be text.", entries.lines.get(entry)
                )
            check_path(path, level, entries.lines.get(entry))
        found[level] = {str(entry): path for entry, path in entries.items()}
    return found


def _command(name: str, run: str, line: int) -> list[str]:
    if run == "":
        raise PipelineError("run_empty", f"Action {name} has an empty `run`.", line)
    try:
        words = shlex.split(run)  # POSIX shell words; `#` is no comment
    except ValueError as exc:
        raise PipelineError(
            "invalid_value", f"The quotes in `run` of action {name} do not close.", line
        ) from exc
    if not words:
        raise PipelineError("invalid_value", f"The `run` of action {name} is blank.", line)
    image, colon, tag = words[0].partition(":")
    if not colon or not _VERSION.fullmatch(tag):
        raise PipelineError(
            "run_no_version", f"Action {name} must name a version: {image}:v2, for example.", line
        )
    return words


def _needs(name: str, needs: list[Any], line: int) -> tuple[str, ...]:
    for need in needs:
        if not isinstance(need, str):
            raise PipelineError(
                "invalid_value", f"Action {name} needs {shown(need)}, which is not a name.", line
            )
        if " " in need:
            raise PipelineError(
                "needs_not_commas", f"Action {name}: `{need}` in `needs` has a space; use commas.", line
            )
    return tuple(needs)


def _check_extraction(action: Action, words: list[str]) -> None:
    """Commands that take patient data out of the database say exactly where it goes."""
    if _COHORT.match(action.run):
        levels = [level for level in LEVELS if level in action.outputs]
        if len(levels) != 1:
            raise PipelineError(
                "cohort_output_levels",
                f"Action {action.name} must have exactly one output level, not {len(levels)}.",
                action.line,
            )
        folders = {str(PurePosixPath(p).parent) for paths in action.outputs.values() for p in paths.values()}
        if len(folders) != 1 and not any(w == "--output-dir" or w.startswith("--output-dir=") for w in words):
            raise PipelineError(
                "cohort_output_dirs", f"Action {action.name} must have one output directory.", action.line
            )
    if _DATASET.match(action.run):
        _check_dataset(action, words)


def _check_dataset(action: Action, words: list[str]) -> None:
    if any(action.outputs.get(level) for level in LEVELS[1:]):
        raise PipelineError(
            "dataset_output_level",
            f"Action {action.name} may only have highly_sensitive outputs.",
            action.line,
        )
    target = _argument(words, "--output")
    if not target:
        raise PipelineError(
            "dataset_no_output_argument", f"Action {action.name} must name its --output.", action.line
        )
    paths = list(action.outputs.get("highly_sensitive", {}).values())
    last = target.rsplit("/", 1)[-1]
    if ":" in last:
        folder, _, extension = target.rpartition(":")
        pattern = f"{PurePosixPath(folder)}/*.{extension}"
        fits = all(fnmatchcase(path, pattern) for path in paths)
    else:
        fits = target in paths
    if not fits:
        raise PipelineError(
            "dataset_output_mismatch",
            f"Action {action.name}: --output is {target}, but its outputs are {', '.join(paths)}.",
            action.line,
        )


def _argument(words: list[str], name: str) -> str | None:
    for index, word in enumerate(words):
        if word == name:
            return words[index + 1] if index + 1 < len(words) else None
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return None
