"""A form is declared once, as a class of fields; what it was sent is kept whatever happens to it.

What WTForms lacks stands here: a service's refusal beside the field it is about, a summary that leads to each
fault, a form that somebody else has changed meanwhile, and rows that are added without a script.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import wtforms
from kit.errors import Conflict, Invalid, TooLarge
from starlette.datastructures import FormData, UploadFile

from gateway.web.fields import File, Group

_ADD, _REMOVE = "add", "remove"


class Form(wtforms.Form):
    """Shown first without `sent`, with `values` by the names of its fields."""

    failed: ClassVar[str] = "Nothing was saved"  # heads the summary of what is wrong

    def __init__(self, sent: FormData | None = None, **values: Any) -> None:
        self.general: list[str] = []  # faults of no field
        self.changed: dict[str, str] = {}  # what others made of fields meanwhile, by their names
        self.status = 200
        super().__init__(self._fitting(sent), data=values)

    @classmethod
    def _fitting(cls, sent: FormData | None) -> FormData | None:
        """Without files where text belongs, text where a file belongs, and files that were not chosen."""
        if sent is None:
            return None
        files = {name for name, field in vars(cls).items() if getattr(field, "field_class", None) is File}
        return FormData(
            [
                (name, value)
                for name, value in sent.multi_items()
                if (isinstance(value, UploadFile) and bool(value.filename)) == (name in files)
            ]
        )

    def fits(self) -> bool:
        """Whether a service may be asked; otherwise each fault stands beside its field."""
        fine = bool(self.validate())
        self.status = 200 if fine else 400
        return fine

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """What a service refuses within becomes faults of this form: after the block it is shown again."""
        try:
            yield
        except (Invalid, Conflict, TooLarge) as refusal:
            self._refuse(refusal)

    def _refuse(self, refusal: Invalid | Conflict | TooLarge) -> None:
        self.status = refusal.status
        fields: dict[str, list[str]] = refusal.extra.get("fields") or {}
        for name, sentences in fields.items():
            field = self._place(name)
            if field is None:
                self.general += sentences
            else:
                field.errors = [*field.errors, *sentences]
        self.changed = refusal.extra.get("now") or {}
        if "version" in self.changed and "version" in self:
            self["version"].data = self.changed.pop("version")
        if self.changed or not fields:
            self.general.append(refusal.detail)

    def _place(self, name: str) -> wtforms.Field | None:
        """The field of `colleagues.0.name`, rows counted as a service got them; None for a whole group."""
        first, *within = name.split(".")
        field = _one(self, first)
        for part in within:
            if isinstance(field, Group):
                number = int(part) if part.isdecimal() else len(field.filled)
                field = field.filled[number] if number < len(field.filled) else None
            elif isinstance(field, wtforms.FormField):
                field = _one(field.form, part)
            else:
                return None
        return None if isinstance(field, Group | wtforms.FormField) else field

    @property
    def faults(self) -> list[tuple[str, str]]:
        """(id of the field or "", sentence) in the form's order; those of no field first."""
        own = [(field.id, sentence) for field in _leaves(self) for sentence in field.errors]
        return [("", sentence) for sentence in self.general] + own

    @property
    def shown_version(self) -> int | None:
        """Of the thing as the form showed it; None for a form without, or for a version that is none."""
        text = str(self["version"].data) if "version" in self else ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None

    @property
    def has_file(self) -> bool:
        return any(isinstance(field, File) for field in self)

    @property
    def has_rows(self) -> bool:
        """Then Enter must not press the button that takes the first one away."""
        return any(isinstance(field, Group) for field in self)

    def rearranged(self, sent: FormData) -> bool:
        """Whether a row was to be added or taken away, which is done; then the form is shown again."""
        for field in self:
            if not isinstance(field, Group):
                continue
            if sent.get(_ADD) == field.name and len(field) < field.most:
                field.append_entry()
                return True
            asked = str(sent.get(_REMOVE, ""))
            kept = [entry for entry in field.entries if entry.name != asked]
            if len(kept) < len(field.entries):
                field.entries[:] = kept
                if not kept:
                    field.append_entry()
                return True
        return False


def _one(fields: wtforms.Form, name: str) -> wtforms.Field | None:
    return fields[name] if name in fields else None  # noqa: SIM401 (a form has no get)


def _leaves(fields: Any) -> Iterator[wtforms.Field]:
    """In the form's order, those within others too."""
    for field in fields:
        if isinstance(field, wtforms.FieldList):
            yield from _leaves(field.entries)
        elif isinstance(field, wtforms.FormField):
            yield from _leaves(field.form)
        else:
            yield field
