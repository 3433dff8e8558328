"""What the documents say of the house is so."""

import re

import pytest

from .conftest import ROOT


@pytest.mark.parametrize(
    "document",
    ["docs/architecture.md", "docs/invariants.md", "docs/glossary.md", "CONTRIBUTING.md", "README.md"],
)
def test_what_a_document_names_is_there(document: str) -> None:
    """Paths in back-quotes, from the root or from a package's sources; `…` and `*` stand for any."""
    text = (ROOT / document).read_text()
    folders = "gateway|services|libs|docs|tests|deploy"
    named = set(re.findall(rf"`((?:{folders})/[^`\s]*|[\w*]+/[\w/*]+\.py)`", text))
    assert named
    places = ("{}", "*/src/{}", "*/*/src/{}")
    gone = [
        path
        for path in named
        if not any(list(ROOT.glob(place.format(path.replace("…", "*").rstrip("/")))) for place in places)
    ]
    assert gone == []
