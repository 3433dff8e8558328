"""Rules of output paths, the first that applies (Y19)."""

import posixpath
import re

from jobs.pipeline.model import PipelineError

LEVELS = ("highly_sensitive", "moderately_sensitive", "minimally_sensitive")
RELEASABLE = (".csv", ".jpg", ".jpeg", ".png", ".svg", ".svgz", ".html", ".txt", ".log", ".json", ".md")


def check_path(path: str, level: str, line: int | None) -> None:
    """Raises PipelineError."""
    if fault := _fault(path, level):
        kind, reason = fault
        raise PipelineError(kind, f"Output path {path} {reason}.", line)


def _fault(path: str, level: str) -> tuple[str, str] | None:
    if "\\" in path:
        return "output_path_backslash", "has a backslash; use /"
    for wildcard in ("**", "?", "["):
        if wildcard in path:
            return "output_path_wildcard", f"has {wildcard}; only a single * may be used"
    suffix = _suffix(path)
    if not suffix or suffix.endswith("*"):
        return "output_path_no_extension", "must end in a file type"
    if level == "moderately_sensitive" and suffix not in RELEASABLE:
        return (
            "output_path_file_type",
            f"has a file type that cannot be released: {', '.join(RELEASABLE)} can",
        )
    if posixpath.normpath(path) != path and path != ".":
        return "output_path_not_normal", "has parts that do nothing, such as ./ or //"
    if path == "metadata" or path.startswith("metadata/"):
        return "output_path_metadata", "is in metadata/, which is kept for logs"
    if path.startswith("/") or re.match(r"[A-Za-z]:[/\\]", path):
        return "output_path_absolute", "must be relative to the workspace"
    return None


def _suffix(path: str) -> str:
    """From the last dot of the last part, unless it begins or ends that part."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    last = parts[-1] if parts else ""
    dot = last.rfind(".")
    return last[dot:] if 0 < dot < len(last) - 1 else ""
