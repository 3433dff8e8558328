"""Steps of release requests on GitHub, on Slack and by mail."""

import pytest
from contracts.identity import OrgState, UserState
from contracts.projects import ProjectState
from messaging.replicas import write
from messaging.uow import Units
from notifications import replicas
from testkit.world import World

from .conftest import ROSA, Hear, Outside, Send, step, waiting

REPO = ("ebmdatalab", "opensafely-output-review")

# event -> phrase, status label afterwards, Slack, subject of the mail
STEPS: dict[str, tuple[str, str | None, bool, str | None]] = {
    "resubmitted": ("request resubmitted", "Pending review", True, None),
    "partially_reviewed": ("request reviewed once", "Under review", True, None),
    "reviewed": ("request reviewed twice", "Under review", True, None),
    "returned": (
        "request returned",
        "With requester",
        True,
        "Release request returned: demo-workspace (01REQUEST)",
    ),
    "approved": ("request approved", None, True, "Release request approved for workspace demo-workspace"),
    "released": ("request released", None, False, "Files released for workspace demo-workspace"),
    "rejected": (
        "request rejected",
        None,
        False,
        "Release request rejected: demo-workspace (01REQUEST)",
    ),
    "withdrawn": ("request withdrawn", None, False, None),
}
CLOSING = {"released", "rejected", "withdrawn"}


async def test_submitting_opens_an_issue_and_tells_nobody_else(
    hear: Hear, send: Send, outside: Outside
) -> None:
    await hear("releases", step(1, "submitted"))
    await send()
    found = await outside.state()
    [issue] = found["issues"]
    assert (issue["owner"], issue["name"]) == REPO
    assert issue["title"] == "demo-workspace 01REQUEST"
    assert (issue["state"], issue["labels"]) == ("open", ["external", "Pending review"])
    assert issue["body"].splitlines() == [
        "Requested by: [Rosa](http://jobs.test/staff/users/rosa/)",
        "Release request ID: 01REQUEST",
        "GitHub repo: [demo-study](https://github.com/opensafely/demo-study)",
        "Workspace: [demo-workspace](http://jobs.test/demo-project/demo-workspace/)",
        "",
        "**When you start a review please react to this issue with :eyes:. "
        "When you have completed your review add a :thumbsup:.**",
    ]
    assert (found["comments"], found["slack"], outside.mails()) == ([], [], [])


@pytest.mark.parametrize("kind", STEPS)
async def test_each_later_step_is_told_as_the_table_says(
    hear: Hear, send: Send, outside: Outside, kind: str
) -> None:
    phrase, label, on_slack, subject = STEPS[kind]
    updates = [{"update": "2 files will be uploaded"}]
    await hear("releases", step(1, "submitted"), step(2, kind, updates=updates))
    await send()
    found = await outside.state()
    [issue] = found["issues"]
    assert issue["state"] == ("closed" if kind in CLOSING else "open")
    assert issue["labels"] == sorted(["external", *([label] if label else [])])
    lines = [f"- {phrase} by user otis", "- 2 files will be uploaded"]
    if kind in CLOSING:
        assert outside.comments() == [f"Issue closed: {phrase} by user otis"]
    else:
        assert outside.comments() == ["\n".join(["Release request updated:", *lines])]
    link = "https://github.com/ebmdatalab/opensafely-output-review/issues/1#issuecomment-"
    head = f"<{link}{found['comments'][0]['id']}|demo-workspace 01REQUEST has been updated>"
    said = [("opensafely-outputs", "\n".join([head, *lines]))] if on_slack else []
    assert [(one["channel"], one["text"]) for one in found["slack"]] == said
    assert [mail["Subject"] for mail in outside.mails()] == ([subject] if subject else [])
    assert outside.recipients() == (["rosa@example.org"] if subject else []), "the author, never who did it"


@pytest.mark.parametrize("kind", ["approved", "released", "rejected", "returned"])
async def test_a_mail_lists_the_updates_without_the_first_line(
    hear: Hear, send: Send, outside: Outside, kind: str
) -> None:
    await hear("releases", step(1, kind, updates=[{"update": "2 files will be uploaded"}]))
    await send()
    [mail] = outside.mails()
    for body in (mail.get_body((kind,)) for kind in ("plain", "html")):
        assert body is not None
        text = body.get_content()
        assert "2 files will be uploaded" in text
        assert "by user otis" not in text
        assert "demo-workspace" in text
        link = "http://jobs.test/demo-project/demo-workspace/releases/01REQUEST/"
        assert (link in text) == (kind in {"approved", "released"})


async def test_a_missing_first_step_is_made_up_for(hear: Hear, send: Send, outside: Outside) -> None:
    """One lost `submitted` once meant that every later step was lost too."""
    await hear("releases", step(2, "returned"))
    await send()
    found = await outside.state()
    assert [issue["labels"] for issue in found["issues"]] == [["With requester", "external"]]
    assert len(found["comments"]) == len(found["slack"]) == 1
    await hear("releases", step(1, "submitted"))
    await send()
    assert len((await outside.state())["issues"]) == 1


async def test_nothing_is_opened_only_to_be_closed(
    hear: Hear, send: Send, outside: Outside, world: World
) -> None:
    """A withdrawal of what was never submitted."""
    await hear("releases", step(1, "withdrawn"))
    await send()
    found = await outside.state()
    assert (found["issues"], found["comments"]) == ([], [])
    assert await waiting(world) == []


async def test_an_issue_whose_title_only_contains_the_request_is_another_one(
    hear: Hear, send: Send, outside: Outside, world: World
) -> None:
    await hear("releases", step(1, "submitted"))
    await send()
    await hear("releases", step(2, "submitted", request="01REQ"), step(3, "returned", request="01REQUES"))
    await send()
    found = await outside.state()
    assert [issue["title"] for issue in found["issues"]] == [
        f"demo-workspace {request}" for request in ("01REQUEST", "01REQ", "01REQUES")
    ]
    assert found["issues"][2]["labels"] == ["With requester", "external"]
    assert "With requester" not in found["issues"][0]["labels"]


async def test_members_of_the_house_are_internal(
    hear: Hear, send: Send, outside: Outside, units: Units
) -> None:
    rosa = UserState(id=ROSA, version=2, username="rosa", fullname="Rosa", org_ids=[1])
    async with units() as uow:
        await write(uow.session, replicas.USERS, [rosa])
    await hear("releases", step(1, "submitted"))
    await send()
    assert (await outside.state())["issues"][0]["labels"] == ["internal", "Pending review"]


async def test_a_repository_without_our_labels_gets_its_issue_without_them(
    hear: Hear, send: Send, outside: Outside
) -> None:
    """Airlock names the repository itself."""
    await hear("releases", step(1, "submitted", org="elsewhere", repo="checks"))
    await send()
    [issue] = (await outside.state())["issues"]
    assert (issue["owner"], issue["name"], issue["labels"]) == ("elsewhere", "checks", [])


async def test_an_organisation_that_checks_its_own_outputs_has_its_own_repository(
    hear: Hear, send: Send, outside: Outside, units: Units
) -> None:
    """An event with an organisation alone names no repository."""
    async with units() as uow:
        await write(
            uow.session,
            replicas.ORGS,
            [OrgState(id=9, version=1, slug="university-of-bristol", name="Bristol")],
        )
        await write(
            uow.session,
            replicas.PROJECTS,
            [ProjectState(id=1, version=2, slug="demo-project", name="Demo", org_ids=[1, 9])],
        )
    await hear("releases", step(1, "submitted", org="elsewhere"))
    await send()
    [issue] = (await outside.state())["issues"]
    assert (issue["owner"], issue["name"]) == ("ebmdatalab", "opensafely-output-review-bristol")


async def test_labels_of_people_stay(hear: Hear, send: Send, outside: Outside) -> None:
    await hear("releases", step(1, "submitted"))
    await send()
    outside.store("""update issues set labels = '["external", "Pending review", "urgent"]'""")
    await hear("releases", step(2, "approved"))
    await send()
    assert (await outside.state())["issues"][0]["labels"] == ["external", "urgent"]
    await hear("releases", step(3, "released"))
    await send()
    assert (await outside.state())["issues"][0]["labels"] == ["external", "urgent"]


async def test_words_of_people_are_words_on_github_and_on_slack(
    hear: Hear, send: Send, outside: Outside, units: Units
) -> None:
    rosa = UserState(id=ROSA, version=2, username="rosa", fullname="x](https://evil.example) <img>[y")
    async with units() as uow:
        await write(uow.session, replicas.USERS, [rosa])
    updates = [{"update": "a\n- b", "group": "<!channel> & <https://evil.example|this>"}]
    await hear("releases", step(1, "submitted"), step(2, "returned", updates=updates))
    await send()
    found = await outside.state()
    assert found["issues"][0]["body"].startswith("Requested by: [x\\](https://evil.example) \\<img>\\[y](")
    assert outside.comments()[0].splitlines()[2:] == [
        "- a - b (filegroup \\<!channel> & \\<https://evil.example|this>)"
    ]
    assert found["slack"][0]["text"].splitlines()[2:] == [
        "- a - b (filegroup &lt;!channel&gt; &amp; &lt;https://evil.example|this&gt;)"
    ]
