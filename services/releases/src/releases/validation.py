"""The body of release creation, with the reference's faults by field (spec/releases.md §2.4)."""

from datetime import UTC, datetime
from typing import Any

from releases.actions.create import WantedFile
from releases.drf import Fields
from releases.names import is_safe

_FILES = 10_000


def check_create(body: dict[str, Any], limit: int) -> tuple[list[WantedFile], dict[str, Any]]:
    """(files, faults by field)."""
    fields = Fields()
    for name in ("files", "metadata", "review"):
        if name not in body:
            fields.add(name, Fields.REQUIRED)
    if "metadata" in body and not isinstance(body["metadata"], dict):
        fields.add("metadata", Fields.NULL if body["metadata"] is None else "Expected a dictionary of items.")
    if body.get("review") is not None and not isinstance(body["review"], dict):
        fields.add("review", "Expected a dictionary of items.")
    files: list[WantedFile] = []
    sent = body.get("files", [])
    if not isinstance(sent, list) or len(sent) > _FILES:
        fields.add("files", "Expected a list of items.")
        return [], fields.faults
    wrong: dict[str, Any] = {}
    names: set[str] = set()
    for index, item in enumerate(sent):
        file, faults = _file(item, limit)
        if file is not None and file.name in names:
            faults = {"name": ["Another file of this release has the same name."]}
        if faults:
            wrong[str(index)] = faults
        elif file is not None:
            names.add(file.name)
            files.append(file)
    if wrong:
        fields.faults["files"] = wrong
    return files, fields.faults


def _file(item: Any, limit: int) -> tuple[WantedFile | None, dict[str, Any]]:
    if not isinstance(item, dict):
        return None, {"non_field_errors": ["Invalid data. Expected a dictionary."]}
    fields = Fields()
    name, sha256 = fields.text(item, "name"), fields.text(item, "sha256", 64)
    fields.text(item, "url")
    if name and not is_safe(name):
        fields.add("name", "The name must be a relative path without .. or control characters.")
    size = _size(fields, item, name, limit)
    mtime = _date(fields, item)
    metadata = item.get("metadata")
    if "metadata" not in item:
        fields.add("metadata", Fields.REQUIRED)
    elif not isinstance(metadata, dict):
        fields.add("metadata", Fields.NULL if metadata is None else "Expected a dictionary of items.")
    _review(fields, item)
    if fields.faults or mtime is None:
        return None, fields.faults
    file = WantedFile(
        name=name.replace("\\", "/"), sha256=sha256, size=size, mtime=mtime, metadata=metadata or {}
    )
    return file, {}


def _size(fields: Fields, item: dict[str, Any], name: str, limit: int) -> int:
    size = item.get("size")
    if "size" not in item:
        fields.add("size", Fields.REQUIRED)
    elif isinstance(size, bool) or not isinstance(size, int) or size < 0:
        fields.add("size", "A valid integer is required.")
    elif size > limit:
        megabytes = size / 1024 / 1024
        fields.add("size", f"File size should be <{limit // 1024 // 1024}Mb. {name} is {megabytes:.1f}Mb")
    else:
        return size
    return 0


def _date(fields: Fields, item: dict[str, Any]) -> datetime | None:
    if "date" not in item:
        fields.add("date", Fields.REQUIRED)
        return None
    try:
        found = datetime.fromisoformat(str(item["date"]).replace("Z", "+00:00"))
    except ValueError:
        fields.add("date", "Datetime has wrong format. Use ISO-8601.")
        return None
    if found.tzinfo is None:
        fields.add("date", "Datetime has wrong format. Use ISO-8601 with a time zone.")
        return None
    try:
        return found.astimezone(UTC)
    except OverflowError:
        fields.add("date", "Datetime value out of range.")
        return None


def _review(fields: Fields, item: dict[str, Any]) -> None:
    if "review" not in item:
        return fields.add("review", Fields.REQUIRED)
    review = item["review"]
    if review is None:
        return None
    known = isinstance(review, dict) and review.get("status") in {"APPROVED", "REJECTED"}
    if not known or not isinstance(review.get("comments"), dict):
        fields.add("review", "A review has a status and comments.")
    return None
