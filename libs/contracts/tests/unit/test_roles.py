"""The table of spec/identity.md §2, read from the specification itself."""

import re
from pathlib import Path

from contracts.roles import ROLES


def test_roles_and_permissions_are_those_of_the_specification(shared: Path) -> None:
    text = (shared / "spec" / "identity.md").read_text()
    section = text.split("\n## 2")[1].split("\n## 3")[0]
    for role, permissions in ROLES.items():
        assert role in section
        for permission in permissions:
            assert re.search(rf"\b{permission}\b", section), (
                f"{role}: {permission} is not in the specification"
            )
