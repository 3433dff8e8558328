"""What people say of themselves."""

from contracts.limits import FULL_NAME

from gateway.web.fields import Hidden, Text
from gateway.web.forms import Form

_NEEDED = "Enter your full name."


class NameForm(Form):
    failed = "You are not logged in yet"
    partial = Hidden()
    name = Text("Full name", required=_NEEDED, most=FULL_NAME, autocomplete="name")


class SettingsForm(Form):
    version = Hidden()
    fullname = Text(
        "Full name",
        required=_NEEDED,
        most=FULL_NAME,
        hint="Shown beside what you do.",
        autocomplete="name",
    )
