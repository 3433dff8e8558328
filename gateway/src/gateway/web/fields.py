"""The kinds of field a form has, WTForms' own with what the site's one macro for each shows of them.

`kind` names the macro in `web/forms.html`; `hint` stands under the label.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import wtforms
from starlette.datastructures import UploadFile
from wtforms.validators import Length, Optional, Regexp, StopValidation, ValidationError

Offered = Sequence[tuple[str, str]]  # what is sent, and what is read


class Needed:
    """Refuses what was left out, with a sentence that says what to do."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __call__(self, form: Any, field: Any) -> None:
        if not field.data or (isinstance(field.data, str) and not field.data.strip()):
            raise StopValidation(self.sentence)


def _rules(required: str, *more: Any) -> list[Any]:
    return [Needed(required) if required else Optional(), *more]


class Text(wtforms.StringField):
    """One line. `most` characters; `pattern` is (expression, sentence)."""

    kind = "text"
    data: str

    def __init__(
        self,
        label: str,
        *,
        most: int,
        required: str = "",
        pattern: tuple[str, str] | None = None,
        hint: str = "",
        autocomplete: str = "off",
        **more: Any,
    ) -> None:
        rules = _rules(required, Length(max=most, message=f"Use at most {most:,} characters."))
        if pattern:
            rules.append(Regexp(pattern[0], message=pattern[1]))
        super().__init__(label, rules, description=hint, **{"default": ""} | more)
        self.most, self.autocomplete, self.required = most, autocomplete, bool(required)


class LongText(Text):
    """Several lines, with a count of what is left."""

    kind = "longtext"


class Lookup(Text):
    """Text that is looked up while one types; without a script the name is written out.

    `source` is what is looked for, as in `/choices/<source>/`. The service finds who or what is meant, and
    says so when nothing or more than one fits.
    """

    kind = "lookup"

    def __init__(self, label: str, *, source: str, most: int = 255, **more: Any) -> None:
        super().__init__(label, most=most, **more)
        self.source = source


class Hidden(wtforms.HiddenField):
    """What belongs to the form as it was shown: its key, so that sent twice it counts once, or a version."""

    kind = "hidden"
    data: str

    def __init__(self, **more: Any) -> None:
        super().__init__("", default="", **more)


class Flag(wtforms.BooleanField):
    """One box to tick; `required` is the sentence when it must be."""

    kind = "flag"

    def __init__(self, label: str, *, required: str = "", hint: str = "", **more: Any) -> None:
        rules = [Needed(required)] if required else []
        super().__init__(label, rules, description=hint, false_values=("", "no", "false", "False"), **more)
        self.required = bool(required)


class _Chosen:
    """What is `offered` may be set at run time, from what a service says exists; None where that decides."""

    offered: Offered | None
    data: Any
    _refusal: str

    def pre_validate(self, form: Any) -> None:
        if self.offered is None:
            return
        known = {value for value, _ in self.offered}
        given: Iterable[str] = self.data if isinstance(self.data, list) else [self.data] if self.data else []
        if any(value not in known for value in given):
            raise ValidationError(self._refusal)


class Choice(_Chosen, wtforms.SelectField):
    """One of several, from a list that opens; `none` is what stands there when nothing is chosen."""

    kind = "choice"
    _refusal = "Choose one of those that are offered."

    def __init__(
        self,
        label: str,
        offered: Offered | None = None,
        *,
        required: str = "",
        none: str = "Choose …",
        hint: str = "",
        **more: Any,
    ) -> None:
        super().__init__(label, _rules(required), description=hint, **more)
        self.offered, self.none, self.required = offered, none, bool(required)


class Radio(Choice):
    """One of few, all of them in sight."""

    kind = "radio"


class Boxes(_Chosen, wtforms.SelectMultipleField):
    """Any of several, a box for each."""

    kind = "boxes"
    _refusal = "Choose only from those that are offered."

    def __init__(
        self, label: str, offered: Offered | None = None, *, required: str = "", hint: str = "", **more: Any
    ) -> None:
        super().__init__(label, _rules(required), description=hint, **more)
        self.offered, self.required = offered, bool(required)


class Date(wtforms.DateField):
    kind = "date"

    def __init__(self, label: str, *, required: str = "", hint: str = "", **more: Any) -> None:
        super().__init__(label, _rules(required), description=hint, **more)
        self.required = bool(required)

    @property
    def shown(self) -> str:
        """What was entered, also when it is no date."""
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Enter a date like 2026-11-24.") from None


class _Period(wtforms.Form):
    since = Date("From")
    until = Date("To")


class DateRange(wtforms.FormField):  # type: ignore[type-arg]  # generic in its stubs only
    """Two days, the first not after the second; either may be open."""

    kind = "period"

    def __init__(self, label: str, *, hint: str = "", **more: Any) -> None:
        super().__init__(_Period, label, description=hint, **more)

    def validate(self, form: Any, extra_validators: Any = ()) -> bool:
        fine = super().validate(form, extra_validators)
        since: date | None = self.form.since.data
        until: date | None = self.form.until.data
        if fine and since and until and since > until:
            self.form.until.errors = ["The last day is before the first."]
            return False
        return fine


class File(wtforms.FileField):
    """One file of at most `most` bytes, its name ending in one of `endings` (lower case, with the dot)."""

    kind = "file"

    def __init__(
        self,
        label: str,
        *,
        most: int,
        endings: Sequence[str] = (),
        required: str = "",
        hint: str = "",
        **more: Any,
    ) -> None:
        super().__init__(label, [Needed(required)] if required else [], description=hint, **more)
        self.most, self.endings, self.required = most, tuple(endings), bool(required)

    def pre_validate(self, form: Any) -> None:
        file = self.data
        if not isinstance(file, UploadFile):
            return
        if (file.size or 0) > self.most:
            raise ValidationError(f"Choose a file of at most {self.most // 1_000_000 or 1} MB.")
        if self.endings and not (file.filename or "").lower().endswith(self.endings):
            raise ValidationError(f"Choose a file that ends in {' or '.join(self.endings)}.")


class Group(wtforms.FieldList):  # type: ignore[type-arg]  # as above
    """The same fields again and again, one to `most` times; a row whose fields are all empty is none."""

    kind = "group"

    def __init__(self, of: type[wtforms.Form], label: str, *, most: int, hint: str = "", **more: Any) -> None:
        row = wtforms.FormField(of, "")
        super().__init__(row, label, description=hint, min_entries=1, max_entries=most, **more)
        self.most = most

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        """WTForms' own takes any digit for a number, as ², and numbers of any length."""
        for name in formdata:
            number = name.removeprefix(f"{prefix}-").partition("-")[0]
            if name.startswith(f"{prefix}-") and number.isascii() and number.isdecimal() and len(number) < 10:
                yield int(number)

    @property
    def parts(self) -> list[tuple[str, wtforms.Form]]:
        """Each row's name and its fields."""
        return [(entry.name, entry.form) for entry in self.entries]

    @property
    def filled(self) -> list[wtforms.FormField]:  # type: ignore[type-arg]  # as above
        return [entry for entry in self.entries if any(entry.data.values())]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What was filled in, as a service gets it."""
        return [entry.data for entry in self.filled]
