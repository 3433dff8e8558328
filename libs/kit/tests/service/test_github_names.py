"""Which names of repositories are asked for at all."""

from collections.abc import AsyncIterator

import pytest
from kit.errors import NotFound
from kit.github import GitHub, is_repository, owner_and_name


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    """One that is away, so that whatever would be asked is `Unavailable`."""
    client = GitHub("http://127.0.0.1:1", "")
    yield client
    await client.close()


def test_the_address_of_a_repository_has_an_owner_and_a_name() -> None:
    assert owner_and_name("https://github.com/opensafely/study") == ("opensafely", "study")
    assert owner_and_name("https://github.com/opensafely/study/") == ("opensafely", "study")
    for odd in (
        "https://github.com",
        "https://github.com/opensafely",
        "https://github.com/a/b/tree/main",
        "",
    ):
        with pytest.raises(NotFound):
            owner_and_name(odd)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("..", "issues"),
        (".", ".."),
        ("org", ".."),
        ("org", "."),
        ("org/repo", "x"),
        ("org", "repo/../../user"),
        ("org", "repo?x=1"),
        ("org", "repo#x"),
        ("org", "r%2e"),
        ("-org", "repo"),
        ("o" * 40, "repo"),
        ("org", "r" * 101),
        ("", "repo"),
        ("org", ""),
        ("org\n", "repo"),
        ("o\u0308rg", "repo"),
    ],
)
async def test_what_github_does_not_allow_as_a_name_never_becomes_a_path(
    github: GitHub, owner: str, name: str
) -> None:
    assert not is_repository(owner, name)
    for call in (
        github.labels(owner, name),
        github.search_issue(owner, name, "x"),
        github.comment(owner, name, 1, "x"),
        github.create_issue(owner, name, title="x", body="", labels=[]),
        github.branch_head(owner, name, "main"),
    ):
        with pytest.raises(NotFound):
            await call


@pytest.mark.parametrize(("owner", "name"), [("opensafely", "study.R"), ("a-b", "_x-1"), ("me_corp", "r")])
def test_names_that_github_allows(owner: str, name: str) -> None:
    assert is_repository(owner, name)
