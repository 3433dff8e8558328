"""The table of spec/identity.md §2.2, read from the specification itself."""

from pathlib import Path

from contracts.roles import GLOBAL_ROLES, PROJECT_ROLES, ROLES


def test_roles_and_permissions_are_those_of_the_specification(shared: Path) -> None:
    text = (shared / "spec" / "identity.md").read_text()
    section = text.split("\n### 2.2")[1].split("\n### 2.3")[0]
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
