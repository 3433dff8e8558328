"""A form with every kind of field, in its states."""

import wtforms
from kit.errors import Invalid
from starlette.datastructures import FormData

from gateway.web.fields import (
    Boxes,
    Choice,
    Date,
    DateRange,
    File,
    Flag,
    Group,
    Hidden,
    LongText,
    Lookup,
    Radio,
    Text,
)
from gateway.web.forms import Form

_ROLES = (("developer", "Project developer"), ("collaborator", "Project collaborator"))


class Colleague(wtforms.Form):
    name = Text("Name", most=100)
    role = Choice("Role", _ROLES)


class Example(Form):
    key = Hidden()
    name = Text("Name", most=20, required="Enter a name.", hint="As others see it.")
    number = Text("Number", most=20, pattern=(r"^POS-20\d\d-\d{4}\Z", "Enter a number like POS-2026-0001."))
    purpose = LongText("Purpose", most=200, required="Say what it is for.")
    lead = Lookup("Lead", source="person", required="Enter who leads it.")
    organisation = Choice("Organisation", (("lshtm", "LSHTM"), ("oxford", "Oxford")), required="Choose one.")
    kind = Radio("Kind", (("study", "Study"), ("audit", "Audit")), required="Choose a kind.")
    datasets = Boxes("Data", (("t1oo", "Type 1 opt-outs"), ("icnarc", "ICNARC")))
    start = Date("Start")
    period = DateRange("Period of the data")
    logo = File("Logo", most=1_000_000, endings=(".png", ".jpg"))
    colleagues = Group(Colleague, "Colleagues", most=3)
    agree = Flag("I have read the terms", required="Tick that you have read the terms.")


def filled() -> Example:
    return Example(
        name="Ada",
        purpose="To see every kind of field.",
        kind="study",
        datasets=["icnarc"],
        colleagues=[{"name": "Rosa Marsh", "role": "developer"}],
    )


def ask_nobody(form: Example) -> None:
    """Refuses as a service would, which knows the places of what it was sent."""
    wrong = [n for n, row in enumerate(form.colleagues.rows) if row["name"] == form.name.data]
    if wrong:
        fields = {f"colleagues.{n}.name": ["This is who asks."] for n in wrong}
        raise Invalid("That cannot be kept.", fields=fields)


def wrong() -> Example:
    """Sent with a mistake in every field that can have one; ids differ from the other's on the page."""
    sent = {"name": "", "number": "7", "organisation": "mars", "datasets": "x", "start": "soon"}
    sent |= {"period-since": "2026-02-02", "period-until": "2026-02-01"}
    form = Example(FormData(sent))
    form.fits()
    for field in (*form, *form.period.form, *form.colleagues[0].form):
        field.id = f"wrong-{field.id}"
    return form
