"""What the search box of the site asks of projects (P16)."""

from clients.projects import ProjectsClient
from testkit.plugin import Speak

from .conftest import Make


async def test_projects_come_first_then_workspaces(nobody: ProjectsClient, make: Make) -> None:
    await make.project("asthma", "Asthma in winter", number="17")
    await make.project("other", "Other")
    await make.workspace("other", "asthma-ws")
    found = await nobody.search("ASTHMA")
    assert [(hit.kind, hit.key, hit.title, hit.detail) for hit in found] == [
        ("project", "asthma", "17 - Asthma in winter", ""),
        ("workspace", "other/asthma-ws", "asthma-ws", "Other"),
    ]


async def test_a_project_is_found_by_name_by_slug_and_by_its_whole_number(
    nobody: ProjectsClient, make: Make
) -> None:
    await make.project("asthma", "In winter", number="117")
    assert [hit.key for hit in await nobody.search("winter")] == ["asthma"]
    assert [hit.key for hit in await nobody.search("asth")] == ["asthma"]
    assert [hit.key for hit in await nobody.search("117")] == ["asthma"]
    assert await nobody.search("17") == []


async def test_ten_of_each_and_the_one_that_is_called_so_is_the_first(
    nobody: ProjectsClient, make: Make
) -> None:
    for number in range(12):
        await make.project(f"cohort-{number:02}", f"A {number:02}")
        await make.workspace("cohort-00", f"a-cohort-{number:02}")
    await make.project("cohort", "Zzz")
    await make.workspace("cohort", "cohort")
    found = await nobody.search("cohort")
    assert [hit.kind for hit in found] == ["project"] * 10 + ["workspace"] * 10
    assert (found[0].key, found[10].key) == ("cohort", "cohort/cohort")


async def test_a_workspace_is_found_whatever_the_case_that_is_typed(
    nobody: ProjectsClient, make: Make
) -> None:
    await make.project("study")
    for name in ("study-ws-a", "study-ws"):
        await make.workspace("study", name)
    found = [hit.key for hit in await nobody.search("STUDY-WS")]
    assert found == ["study/study-ws", "study/study-ws-a"]


async def test_archived_workspaces_are_found_by_nobody(
    nobody: ProjectsClient, reader: ProjectsClient, make: Make
) -> None:
    await make.project("study")
    await make.workspace("study", "old-ws", archived=True)
    assert await nobody.search("old-ws") == []
    assert await reader.search("old-ws") == []


async def test_a_wildcard_stands_for_itself(nobody: ProjectsClient, make: Make) -> None:
    for number, name in enumerate(["100% sure", "under_score", "back\\slash", "plain"]):
        await make.project(f"p{number}", name)
    await make.workspace("p0", "plain")
    for text, found in {"%": ["p0"], "_": ["p1"], "\\": ["p2"], "'": []}.items():
        assert [hit.key for hit in await nobody.search(text)] == found


async def test_what_cannot_be_looked_for_is_refused(speak: Speak) -> None:
    client = speak()
    queries: list[dict[str, str | int]] = [{}, {"q": ""}, {"q": "x" * 101}, {"q": "a\x00"}]
    assert [(await client.request("GET", "/search", params=query)).status for query in queries] == [400] * 4


async def test_nothing_found_is_an_empty_list(nobody: ProjectsClient) -> None:
    assert await nobody.search("nothing") == []
