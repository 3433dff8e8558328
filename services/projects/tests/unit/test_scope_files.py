"""The reviewed files against the table of who was granted what, and what a file may say (P18 to P20)."""

from collections.abc import Callable
from pathlib import Path

import projects
import pytest
from projects.scope import Permissions

SHIPPED = Path(projects.__file__).parent / "permissions"
INTERNAL = "opensafely-internal"


def numbers(text: str) -> set[str]:
    """`2 4 8-9` as the table writes it."""
    pairs = [part.partition("-")[::2] for part in text.split()]
    return {str(n) for first, last in pairs for n in range(int(first), int(last or first) + 1)}


# Kept apart from the files, so that a slip in one of them shows.
POS = {f"POS-2026-{number}" for number in range(3001, 3009)}
TABLE = {
    "include_t1oo": numbers(
        "2 4 8-9 11-12 16-19 21-22 24-31 34-36 57 61 65-67 70-71 75 77-78 84-88 91-95 97 99-106 108 110"
        " 112-122 125-155"
    ),
    "include_ndoo": numbers("156-209") | POS,
    "include_gp_unactivated": numbers("156-209"),
    "appointments": numbers("34 78 129 136 152 156 166 171 172 175 185 202 203"),
    "isaric": numbers("9 154"),
    "ukrr": numbers("87 106 110 171"),
    "waiting_list": numbers("122"),
    "open_prompt": numbers("155"),
    "sgss_covid_all_tests": numbers("172 174 175 177 185 198 209"),
    "occupation_on_covid_vaccine_record": numbers("172 174 175 185"),
    "covid_therapeutics": numbers("177"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """`folder(appointments="- 1")`: files with these texts."""

    def make(**texts: str) -> Path:
        for name, text in texts.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        return tmp_path

    return make


def test_the_reviewed_set_is_the_table_of_the_specification() -> None:
    permissions = Permissions(SHIPPED / "opensafely")
    for number in numbers("1-300") | POS | {"POS-2026-3009", "POS-2025-3001"}:
        found = permissions.scope(number, "study")
        assert {name for names in found.values() for name in names} == {
            name for name, listed in TABLE.items() if number in listed
        }, number
    assert [len(TABLE[name]) for name in ("include_t1oo", "include_ndoo", "include_gp_unactivated")] == [
        96,
        62,
        54,
    ]


def test_populations_come_in_their_fixed_order_and_data_sets_by_name(folder: Callable[..., Path]) -> None:
    names = ("ukrr", "appointments", "include_gp_unactivated", "include_ndoo", "include_t1oo")
    found = Permissions(folder(**dict.fromkeys(names, "- 7"))).scope("7", "study")
    assert found["population_permissions"] == ["include_t1oo", "include_ndoo", "include_gp_unactivated"]
    assert found["dataset_permissions"] == ["appointments", "ukrr"]


def test_a_project_with_a_number_is_looked_up_by_that_alone(folder: Callable[..., Path]) -> None:
    permissions = Permissions(folder(icnarc=f"- {INTERNAL}", ukrr="- 7"))
    assert permissions.scope("7", INTERNAL) == {"dataset_permissions": ["ukrr"]}
    assert permissions.scope("8", INTERNAL) == {}
    assert permissions.scope(None, INTERNAL) == {"dataset_permissions": ["icnarc"]}


def test_a_slug_that_looks_like_a_number_grants_nothing(folder: Callable[..., Path]) -> None:
    permissions = Permissions(folder(ukrr="- 34\n- POS-2026-3001"))
    for slug in ("34", "POS-2026-3001"):
        assert permissions.scope(slug, "study") == {"dataset_permissions": ["ukrr"]}
        assert permissions.scope(None, slug) == {}


def test_type_one_opt_outs_need_a_number(folder: Callable[..., Path]) -> None:
    lists = dict.fromkeys(("include_t1oo", "include_ndoo"), f"- {INTERNAL}")
    assert Permissions(folder(**lists)).scope(None, INTERNAL) == {"population_permissions": ["include_ndoo"]}


def test_a_range_holds_both_its_ends(folder: Callable[..., Path]) -> None:
    permissions = Permissions(folder(ukrr='- "7-9"\n- 12-12'))
    granted = [n for n in range(1, 15) if permissions.scope(str(n), "study")]
    assert granted == [7, 8, 9, 12]


@pytest.mark.parametrize("text", ["", "[]", "# nobody\n"])
def test_an_empty_file_grants_nothing(folder: Callable[..., Path], text: str) -> None:
    assert Permissions(folder(ukrr=text)).scope("7", "study") == {}


@pytest.mark.parametrize(
    "text",
    [
        "- another-project",
        "- 0",
        "- 0-5",
        "- 010",  # an octal number to some readers of YAML
        "- 1:30",  # and a number to the base of sixty
        "- 9-7",
        "- POS-26-3001",
        "- [7]",
        "- ",
        '"34"',  # no list: not the projects 3 and 4
        "34",
        "7: true",
    ],
)
def test_a_file_that_names_anything_else_stops_the_start(folder: Callable[..., Path], text: str) -> None:
    with pytest.raises(RuntimeError, match="ukrr"):
        Permissions(folder(ukrr=text))
