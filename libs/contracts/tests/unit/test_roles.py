"""Roles, their labels and rights are those that the document tells of (I1)."""

from pathlib import Path

from contracts.roles import GLOBAL_ROLES, PROJECT_ROLES, ROLES

DOCUMENT = Path(__file__).parents[4] / "docs" / "behaviour" / "identity.md"


def test_roles_and_permissions_are_those_of_the_document() -> None:
    section = DOCUMENT.read_text().split("- **I1**")[1].split("- **I2**")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line
    ]
    table = {row[0]: (row[1], row[2], row[3]) for row in rows[2:]}
    assert table.keys() == ROLES.keys()
    for name, (label, where, permissions) in table.items():
        role = ROLES[name]
        assert role.label == label
        assert set(role.permissions) == {word.strip() for word in permissions.split(",")}
        assert (name in GLOBAL_ROLES, name in PROJECT_ROLES) == ("U" in where, "P" in where)
