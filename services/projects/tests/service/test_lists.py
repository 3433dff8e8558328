"""Everybody's and one's own projects and workspaces, page by page (P15)."""

from itertools import product
from typing import Any

import pytest
from clients.projects import ProjectsClient
from testkit.plugin import Speak
from testkit.world import person

from .conftest import Make


async def test_projects_stand_in_the_order_of_their_names_whatever_the_case(
    nobody: ProjectsClient, make: Make
) -> None:
    for slug, name in (("c", "cedar"), ("b", "Birch"), ("a", "alder")):
        await make.project(slug, name)
    found = await nobody.projects(mine=False)
    assert [row.name for row in found.rows] == ["alder", "Birch", "cedar"]
    assert (found.page, found.pages, found.total) == (1, 1, 3)


async def test_a_project_shows_its_leading_organisation_and_counts_its_open_workspaces(
    nobody: ProjectsClient, make: Make
) -> None:
    await make.org(1, "First")
    await make.org(2, "Second")
    project = await make.project("study", "Study", number="7", orgs=(1, 2), lead=2)
    for name in ("one", "two"):
        await make.workspace("study", name)
    await make.workspace("study", "old", archived=True)
    [row] = (await nobody.projects(mine=False)).rows
    assert (row.id, row.slug, row.number) == (project, "study", "7")
    assert (row.lead_org, row.workspaces) == ("Second", 2)


async def test_mine_are_those_i_am_a_member_of_even_without_a_role(make: Make, speak: Speak) -> None:
    mine = await make.project("mine")
    elsewhere = await make.project("elsewhere")
    for project in ("mine", "elsewhere"):
        await make.workspace(project, f"{project}-ws")
    member = ProjectsClient(speak(by=person(1, "cleo", memberships=[mine])))
    assert [row.slug for row in (await member.projects(mine=True)).rows] == ["mine"]
    assert [row.name for row in (await member.workspaces(mine=True)).rows] == ["mine-ws"]
    assert (await member.projects(mine=False)).total == 2
    roles = person(2, "otis", roles=["TechSupport"], projects={"ProjectDeveloper": [elsewhere]})
    assert (await ProjectsClient(speak(by=roles)).projects(mine=True)).rows == []


@pytest.mark.parametrize("who", [{}, {"service": "jobs"}, {"by": person(1, "new")}])
async def test_who_is_a_member_of_nothing_has_nothing(make: Make, speak: Speak, who: dict[str, Any]) -> None:
    await make.project("study")
    await make.workspace("study", "study-ws")
    client = ProjectsClient(speak(**who))
    for found in (await client.projects(mine=True), await client.workspaces(mine=True)):
        assert (found.rows, found.page, found.pages, found.total) == ([], 1, 1, 0)


async def test_a_page_holds_twenty_five_and_the_last_one_the_rest(nobody: ProjectsClient, make: Make) -> None:
    for number in range(27):
        await make.project(f"p{number:02}")
        await make.workspace("p00", f"w{number:02}")
    for ask in (nobody.projects, nobody.workspaces):
        pages = [await ask(mine=False, page=number) for number in (1, 2, 3)]
        assert [(page.page, page.pages, page.total) for page in pages] == [(n, 2, 27) for n in (1, 2, 3)]
        assert [len(page.rows) for page in pages] == [25, 2, 0]
    names = [row.name for n in (1, 2) for row in (await nobody.workspaces(mine=False, page=n)).rows]
    assert names == [f"w{number:02}" for number in range(27)]


async def test_names_that_differ_by_their_case_only_stand_on_one_page_each(
    nobody: ProjectsClient, make: Make
) -> None:
    """Equal in the order of the list, so that something else must decide between them."""
    spellings = ["".join(letters) for letters in product(*[(c, c.upper()) for c in "study"])]
    names = [name for spelling in spellings for name in (f"{spelling}s", spelling)]
    for number, name in enumerate(names):
        await make.project(f"p{number}", name)
    found = [row.name for n in (1, 2, 3) for row in (await nobody.projects(mine=False, page=n)).rows]
    assert sorted(found) == sorted(names)


async def test_a_page_that_cannot_be_is_refused_and_one_behind_the_last_is_empty(speak: Speak) -> None:
    client = speak()
    for path in ("/projects", "/workspaces"):
        for page in ("0", "-1", "10001", "x", "", "99999999999999999999"):
            answer = await client.request("GET", path, params={"page": page})
            assert (answer.status, b'"page"' in answer.body) == (400, True), page
        answer = await client.request("GET", path, params={"page": 10_000})
        assert (answer.status, b'"rows" : []' in answer.body) == (200, True)


async def test_a_wildcard_stands_for_itself(nobody: ProjectsClient, make: Make) -> None:
    for number, name in enumerate(["100% sure", "under_score", "back\\slash", "plain"]):
        await make.project(f"p{number}", name)
    for name in ("under_score", "plain"):
        await make.workspace("p0", name)
    for text, names in (("%", ["100% sure"]), ("_", ["under_score"]), ("\\", ["back\\slash"])):
        assert [row.name for row in (await nobody.projects(mine=False, q=text)).rows] == names
    assert [row.name for row in (await nobody.workspaces(mine=False, q="_")).rows] == ["under_score"]
    assert (await nobody.workspaces(mine=False, q="%")).total == 0


async def test_a_project_is_found_by_name_slug_and_number(nobody: ProjectsClient, make: Make) -> None:
    await make.project("long-covid", "Waiting", number="POS-2026-3001")
    await make.project("second", "Long covid afterwards", number="13001")
    await make.project("third", "Nothing of it", number="7")
    for text, slugs in {
        "LONG": ["second", "long-covid"],
        "cOvId": ["second", "long-covid"],
        "pos-2026-3001": ["long-covid"],
        "3001": ["second", "long-covid"],
        "wait": ["long-covid"],
    }.items():
        assert [row.slug for row in (await nobody.projects(mine=False, q=text)).rows] == slugs


async def test_numbers_stand_in_the_order_of_numbers_before_those_with_a_year(
    nobody: ProjectsClient, make: Make
) -> None:
    numbers = ["POS-2025-2001", "10", None, "2", "171", "POS-2024-3000", "9", None, "100"]
    for place, number in enumerate(numbers):
        await make.project(f"p{place}", number=number)
    found = await nobody.projects(mine=False, sort="number")
    in_order = ["2", "9", "10", "100", "171", "POS-2024-3000", "POS-2025-2001", None, None]
    assert [row.number for row in found.rows] == in_order
    assert [row.slug for row in found.rows][-2:] == ["p2", "p7"]


async def test_a_text_that_cannot_be_looked_for_is_refused(speak: Speak) -> None:
    client = speak()
    for path in ("/projects", "/workspaces"):
        for text in ("x" * 101, "a\x00b"):
            assert (await client.request("GET", path, params={"q": text})).status == 400


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ({}, False),
        ({"by": person(1, "cleo", memberships=[1])}, False),
        ({"by": person(1, "cleo", orgs=[1], backends=["tpp"])}, False),
        ({"by": person(1, "otis", roles=["OutputPublisher"])}, True),
        ({"by": person(1, "ravi", projects={"ProjectCollaborator": [99]})}, True),
        ({"service": "gateway"}, True),
    ],
)
async def test_archived_workspaces_are_listed_last_and_for_people_with_a_role_only(
    make: Make, speak: Speak, who: dict[str, Any], sees: bool
) -> None:
    await make.project("study")
    await make.workspace("study", "archived", archived=True)
    await make.workspace("study", "open")
    client = ProjectsClient(speak(**who))
    seen = ["open", "archived"] if sees else ["open"]
    found = await client.workspaces(mine=False)
    assert ([row.name for row in found.rows], found.total) == (seen, len(seen))
    page = await client.project("study")
    assert [workspace.name for workspace in page.workspaces] == seen


async def test_a_workspace_is_listed_with_its_project_and_its_repository(
    nobody: ProjectsClient, make: Make
) -> None:
    project = await make.project("study", "The study")
    await make.workspace("study", "study-ws")
    [row] = (await nobody.workspaces(mine=False)).rows
    assert (row.project_id, row.project_slug, row.project_name) == (project, "study", "The study")
    assert (row.repo_url, row.branch) == ("https://github.com/opensafely/demo-study", "main")
