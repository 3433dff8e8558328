"""Every kind of field: what is read from it, what is refused, and how it comes back."""

from datetime import date
from io import BytesIO

import httpx
import pytest
from gateway.app import Gateway
from gateway.gallery.forms import Example, filled, wrong
from kit.errors import Conflict, Invalid
from starlette.datastructures import FormData, UploadFile

from ..conftest import Csrf, token

FINE = {
    "key": "k",
    "name": "Ada",
    "number": "POS-2026-0001",
    "purpose": "To know.",
    "lead": "rosa",
    "organisation": "lshtm",
    "kind": "audit",
    "datasets": "icnarc",
    "start": "2026-11-24",
    "period-since": "2026-01-01",
    "period-until": "2026-01-01",
    "colleagues-0-name": "Rosa",
    "colleagues-0-role": "developer",
    "colleagues-1-name": "",
    "agree": "yes",
}


def sent(**other: str | UploadFile | None) -> FormData:
    return FormData([(name, value) for name, value in {**FINE, **other}.items() if value is not None])


def file(name: str, size: int) -> UploadFile:
    return UploadFile(BytesIO(), size=size, filename=name)


def test_what_was_sent_is_read() -> None:
    form = Example(sent(logo=file("logo.PNG", 10)))
    assert form.fits()
    assert (form.faults, form.status) == ([], 200)
    assert form.data["start"] == date(2026, 11, 24)
    assert form.data["datasets"] == ["icnarc"]
    assert form.data["agree"] is True
    assert form.colleagues.rows == [{"name": "Rosa", "role": "developer"}]
    assert form.logo.data.filename == "logo.PNG"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Enter a name."),
        ("name", " \t", "Enter a name."),
        ("name", None, "Enter a name."),
        ("name", "x" * 21, "Use at most 20 characters."),
        ("number", "POS-2026-0001\n", "Enter a number like POS-2026-0001."),
        ("purpose", "x" * 201, "Use at most 200 characters."),
        ("lead", "", "Enter who leads it."),
        ("organisation", "mars", "Choose one of those that are offered."),
        ("organisation", "", "Choose one."),
        ("kind", None, "Choose a kind."),
        ("datasets", "mars", "Choose only from those that are offered."),
        ("start", "24.11.2026", "Enter a date like 2026-11-24."),
        ("period-until", "2025-12-31", "The last day is before the first."),
        ("period-since", "0", "Enter a date like 2026-11-24."),
        ("colleagues-0-name", "x" * 101, "Use at most 100 characters."),
        ("colleagues-0-role", "king", "Choose one of those that are offered."),
        ("agree", None, "Tick that you have read the terms."),
        ("name", file("name.txt", 1), "Enter a name."),
        ("logo", file("logo.png", 1_000_001), "Choose a file of at most 1 MB."),
        ("logo", file("logo.exe", 1), "Choose a file that ends in .png or .jpg."),
    ],
)
def test_a_mistake_stands_beside_its_field(field: str, value: str | UploadFile | None, sentence: str) -> None:
    form = Example(sent(**{field: value}))
    assert not form.fits()
    assert form.faults == [(field if "period" not in field else form.faults[0][0], sentence)]
    assert form.faults[0][0].startswith(field.partition("-")[0])
    assert form.status == 400


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "𝔘" * 5, "<b>", "' or 1=1"])
def test_odd_text_is_text(odd: str) -> None:
    form = Example(sent(name=odd))
    assert form.fits()
    assert form.name.data == odd


def test_a_refusal_stands_beside_its_field_and_the_rest_on_top() -> None:
    form = Example(sent())
    with form.refusals():
        raise Invalid("Wrong.", fields={"lead": ["There is no Rosa."], "elsewhere": ["Not today."]})
    assert form.faults == [("", "Not today."), ("lead", "There is no Rosa.")]
    assert form.status == 400
    assert form.lead.data == "rosa", "what was entered is kept"


def test_a_refusal_within_a_group_or_a_period_stands_beside_its_field() -> None:
    """Rows are counted as the service got them: without those that are empty."""
    form = Example(sent(**{"colleagues-0-name": "", "colleagues-0-role": "", "colleagues-3-name": "Eve"}))
    assert [row["name"] for row in form.colleagues.rows] == ["Eve"]
    places = [
        "colleagues.0.name",
        "period.until",
        "colleagues",
        "colleagues.1.name",
        "colleagues.x",
        "name.x",
    ]
    with form.refusals():
        raise Invalid("Wrong.", fields={place: [place] for place in places})
    assert form.faults == [
        *(("", place) for place in places[2:]),
        ("period-until", "period.until"),
        ("colleagues-2-name", "colleagues.0.name"),
    ]


async def test_the_example_is_sent_as_every_form_is(rosa: httpx.AsyncClient, csrf: Csrf) -> None:
    """A row more, a refusal of a service within a row, and then all fits."""
    fields = {name: value for name, value in sent().multi_items() if isinstance(value, str)}
    fields |= {"csrf": await token(rosa, csrf), "agree": "yes"}
    page = (await rosa.post("/ui-components", data=fields | {"add": "colleagues"})).text
    assert 'name="colleagues-1-name"' in page
    page = (await rosa.post("/ui-components", data=fields | {"name": "Rosa"})).text

    assert '<li><a href="#colleagues-0-name">This is who asks.</a></li>' in page
    answer = await rosa.post("/ui-components", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui-components#c-form")


def test_what_others_changed_meanwhile_is_shown_and_what_was_entered_kept() -> None:
    form = Example(sent())
    with form.refusals():
        raise Conflict("Changed meanwhile.", now={"name": "Eve", "version": "7"})
    assert (form.status, form.faults) == (409, [("", "Changed meanwhile.")])
    assert form.changed == {"name": "Eve", "version": "7"}
    assert form.name.data == "Ada"


def test_rows_are_added_and_taken_away_without_losing_anything() -> None:
    def names(form: Example) -> list[str]:
        return [row["name"] for row in form.colleagues.data]

    grown = sent(add="colleagues")
    form = Example(grown)
    assert form.rearranged(grown)
    assert names(form) == ["Rosa", "", ""]
    full = sent(add="colleagues", **{"colleagues-2-name": "Eve"})
    assert not Example(full).rearranged(full), "three are the most"
    fewer = sent(remove="colleagues-0")
    form = Example(fewer)
    assert form.rearranged(fewer)
    assert names(form) == [""]
    assert not Example(sent()).rearranged(sent())


@pytest.mark.parametrize("index", ["\u00b2", "\u0661", "9" * 5000, "-1", "", "0x1"])
def test_a_row_has_a_number_or_is_none(index: str) -> None:
    """What Python takes for digits or cannot read as a number was a 500."""
    form = Example(sent(**{f"colleagues-{index}-name": "Eve"}))
    assert [row["name"] for row in form.colleagues.rows] == ["Rosa"]


def test_a_form_comes_back_as_it_was_sent(gateway_app: tuple[Gateway, str]) -> None:
    form = Example(sent(name='"><script>', number="7", logo=file("logo.exe", 1)))
    form.fits()
    page = gateway_app[0].site.renderer.render("gallery/form.html", form=form, action="/", csrf="").decode()
    assert 'enctype="multipart/form-data"' in page
    assert 'value="&quot;&gt;&lt;script&gt;"' in page
    assert 'aria-describedby=" number-error" aria-invalid="true"' in page
    for chosen in ('value="lshtm" selected', 'value="audit" checked', 'value="icnarc" checked'):
        assert chosen in page
    assert 'name="period-until" type="date" value="2026-01-01"' in page
    assert 'name="colleagues-0-name" type="text" value="Rosa"' in page
    assert "script>" not in page.replace("&lt;script&gt;", "")


def test_the_gallery_shows_each_kind_right_and_wrong() -> None:
    kinds = {field.kind for field in filled()}
    assert kinds == {
        *("hidden", "text", "longtext", "lookup", "choice", "radio", "boxes"),
        *("date", "period", "file", "group", "flag"),
    }
    assert len(wrong().faults) == 10
