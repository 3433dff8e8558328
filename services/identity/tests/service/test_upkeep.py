"""Commands that every service has: many in one process, replicas, state said again, dead letters."""

import orjson
from contracts.projects import ProjectState
from messaging.envelope import encode
from testkit.world import World

from .conftest import MakeUser, Manage
from .outside import Projects


def lines(*commands: tuple[str, ...]) -> str:
    return "\n".join(orjson.dumps(words).decode() for words in commands) + "\n\n"


async def test_a_batch_runs_one_command_a_line_and_may_be_repeated(manage: Manage, world: World) -> None:
    many = lines(
        ("create_org", "uni", "--name", "University"),
        ("create_backend", "tpp"),
        ("create_user", "zoe"),
        ("grant", "zoe", "OutputChecker"),
        ("add_to_org", "uni", "zoe", "--json"),
    )
    done = await manage("batch", lines=many)
    assert done.code == 0, done.text
    assert done.text.splitlines()[0] == "Organisation uni has id 1."
    assert done.said == {"first": "uni", "second": "zoe", "changed": True, "exists": False}
    before = await world.announced("identity")
    again = await manage("batch", lines=many)
    assert (again.code, again.said["exists"]) == (0, True)
    assert await world.announced("identity") == before


async def test_a_batch_stops_at_the_first_refusal(manage: Manage, world: World) -> None:
    many = lines(("create_org", "uni"), ("grant", "nobody", "OutputChecker"), ("create_org", "never"))
    stopped = await manage("batch", lines=many)
    assert stopped.code == 1
    assert "There is no user nobody." in stopped.text.splitlines()
    assert [row["slug"] for row in await world.rows("identity", "select slug from orgs")] == ["uni"]


async def test_a_project_made_a_moment_ago_is_asked_for_at_its_owner(
    manage: Manage, owner: Projects, make_user: MakeUser, world: World
) -> None:
    await make_user("rosa")
    project_id = await owner.make("study")
    assert (await manage("add_member", "study", "rosa")).code == 0
    [row] = await world.rows("identity", "select id, slug from known_projects")
    assert tuple(row) == (project_id, "study")


async def test_a_new_replica_is_filled_from_its_owner(manage: Manage, owner: Projects) -> None:
    for slug in ("study", "other"):
        await owner.make(slug)
    found = (await manage("check_replicas")).said
    assert found["count"] == 2
    assert all("here None, there {" in line for line in found["differences"])
    for _ in range(2):
        assert (await manage("rebuild_replicas")).said == {"count": 2}
        assert (await manage("check_replicas")).said == {"differences": [], "count": 0}


async def test_a_replica_that_differs_from_its_owner_is_found_and_mended(
    manage: Manage, owner: Projects, world: World
) -> None:
    await owner.make("study")
    await manage("rebuild_replicas")
    for spoilt, differences in (
        ("delete from known_projects", 1),
        ("update known_projects set name = 'Another', version = 0", 1),
        ("update known_projects set id = 999", 2),
    ):
        await world.rows("identity", spoilt)
        assert (await manage("check_replicas")).said["count"] == differences
        assert (await manage("rebuild_replicas")).said == {"count": 1}
    assert (await manage("check_replicas")).said["count"] == 0


async def test_the_state_of_everything_can_be_said_again_and_again(
    manage: Manage, make_user: MakeUser, world: World
) -> None:
    for username in ("rosa", "ravi"):
        await make_user(username)
    await manage("create_org", "uni")
    await manage("create_backend", "tpp")
    before = await world.announced("identity")
    for _ in range(2):
        assert (await manage("republish_state")).said == {"count": 4}
    everything = [
        "state.identity.user.v1.1",
        "state.identity.user.v1.2",
        "state.identity.org.v1.1",
        "state.identity.backend.v1.1",
    ]
    assert await world.announced("identity") == before + everything * 2


async def test_a_dead_letter_is_listed_and_has_its_effect_once(manage: Manage, world: World) -> None:
    assert (await manage("list_dead_letters")).said == {"dead_letters": [], "count": 0}
    _, subject, body = encode("projects", ProjectState(id=7, version=1, slug="study", name="Study"))
    await world.rows(
        "identity",
        "insert into dead_letters (consumer, subject, body, reason) values ($1, $2, $3, 'because')",
        "identity-replicas",
        subject,
        body,
    )
    [letter] = (await manage("list_dead_letters")).said["dead_letters"]
    assert letter == {
        "id": 1,
        "consumer": "identity-replicas",
        "subject": "state.projects.project.v1.7",
        "reason": "because",
        "replayed_at": None,
    }
    for _ in range(2):
        assert (await manage("replay_dead_letter", "1")).said == {"id": 1}
    assert [row["slug"] for row in await world.rows("identity", "select slug from known_projects")] == [
        "study"
    ]
    assert len(await world.rows("identity", "select from inbox")) == 1
    [letter] = (await manage("list_dead_letters")).said["dead_letters"]
    assert letter["replayed_at"]


async def test_a_dead_letter_of_a_consumer_that_is_gone_cannot_be_replayed(
    manage: Manage, world: World
) -> None:
    await world.rows(
        "identity",
        "insert into dead_letters (consumer, subject, body, reason) values ('identity-old', 's', '', 'r')",
    )
    refused = await manage("replay_dead_letter", "1")
    assert refused.code == 1
    assert refused.said == {"error": "There is no dead letter 1 that can be replayed."}
