"""The body of release creation, with the reference's faults by field (A33, A39)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from kit.errors import Invalid

from releases.actions.create import NewFile
from releases.drf import Fields
from releases.names import is_safe, normal, why_unsendable

_FILES = 10_000
_MIB = 1024 * 1024
_SIZES = 2**63  # what the database can keep
_NAMED = 5  # files that a refusal speaks of


def check_create(body: dict[str, Any], limit: int) -> tuple[list[NewFile], dict[str, Any]]:
    """(files, faults by field). Raises Invalid for files that Airlock could not send (A40)."""
    fields = Fields()
    for name in ("files", "metadata", "review"):
        if name not in body:
            fields.add(name, Fields.REQUIRED)
    if "metadata" in body and not isinstance(body["metadata"], dict):
        fields.add("metadata", Fields.NULL if body["metadata"] is None else "Expected a dictionary of items.")
    if body.get("review") is not None and not isinstance(body["review"], dict):
        fields.add("review", "Expected a dictionary of items.")
    files: list[NewFile] = []
    sent = body.get("files", [])
    if not isinstance(sent, list) or len(sent) > _FILES:
        fields.add("files", "Expected a list of items.")
        return [], fields.faults
    if refused := [text for item in sent if isinstance(item, dict) for text in _unsendable(item, limit)]:
        raise Invalid(" ".join(refused[:_NAMED]))
    wrong: dict[str, Any] = {}
    names: set[str] = set()  # (F6)
    for index, item in enumerate(sent):
        file, faults = _file(item)
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


def _unsendable(item: dict[str, Any], limit: int) -> Iterator[str]:
    name, size = item.get("name"), item.get("size")
    shown = ascii(name) if isinstance(name, str) and not name.isprintable() else name
    if isinstance(name, str) and (character := why_unsendable(name)):
        yield (
            f"The name of {shown} contains {character}, which Airlock cannot send."
            " Rename the file (letters of Western European languages, digits and signs other than"
            ' " are possible) and make a new release request.'
        )
    if isinstance(size, int) and limit < size < _SIZES:
        yield (
            f"{shown} is too large to release: it has {size:,} bytes and {limit:,} ({limit / _MIB:g} MiB)"
            " are allowed. Split or summarise it and make a new release request."
        )


def _file(item: Any) -> tuple[NewFile | None, dict[str, Any]]:
    if not isinstance(item, dict):
        return None, {"non_field_errors": ["Invalid data. Expected a dictionary."]}
    fields = Fields()
    name, sha256 = fields.text(item, "name"), fields.text(item, "sha256", 64)
    fields.text(item, "url")
    if name and not is_safe(name):
        fields.add("name", "The name must be a relative path without ..")
    size = _size(fields, item)
    mtime = _date(fields, item)
    metadata = item.get("metadata")
    if "metadata" not in item:
        fields.add("metadata", Fields.REQUIRED)
    elif not isinstance(metadata, dict):
        fields.add("metadata", Fields.NULL if metadata is None else "Expected a dictionary of items.")
    _review(fields, item)
    if fields.faults or mtime is None:
        return None, fields.faults
    file = NewFile(name=normal(name), sha256=sha256, size=size, mtime=mtime, metadata=metadata or {})
    return file, {}


def _size(fields: Fields, item: dict[str, Any]) -> int:
    size = item.get("size")
    if "size" not in item:
        fields.add("size", Fields.REQUIRED)
    elif isinstance(size, bool) or not isinstance(size, int) or not 0 <= size < _SIZES:
        fields.add("size", "A valid integer is required.")
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
