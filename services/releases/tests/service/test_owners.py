"""What has not arrived here yet is asked of its owner, once, and used at once."""

from clients.releases import ReleasesClient
from kit.identity import HEADER
from testkit.plugin import Speak
from testkit.world import World, person

from .conftest import Airlock, People, Projects

MADE = {
    "workspace": [
        {"id": 9, "version": 1, "name": "new-ws", "project_id": 9, "repo_url": "r", "branch": "main"}
    ],
    "project": [{"id": 9, "version": 1, "slug": "new-project", "name": "New"}],
}


async def test_a_release_of_a_workspace_made_a_moment_ago_is_taken_at_the_first_call(
    airlock: Airlock, projects: Projects
) -> None:
    projects.states = MADE
    for _ in range(2):
        answer = await airlock.create(("output/a.csv", b"a"), workspace="new-ws")
        assert answer.status_code == 201, answer.text
        assert "/new-project/new-ws/releases/" in answer.json()["release_url"]
    assert projects.asked == ["workspace", "project"]


async def test_a_workspace_that_nobody_knows_is_not_found_and_strangers_make_us_ask_nobody(
    airlock: Airlock, projects: Projects, world: World
) -> None:
    assert (await airlock.create(("output/a.csv", b"a"), workspace="nosuch")).status_code == 404
    assert projects.asked == ["workspace"]
    nobody = {HEADER: world.signer().sign(kind="anonymous")}
    answer = await airlock.create(("output/a.csv", b"a"), workspace="nosuch", headers=nobody)
    assert answer.status_code == 404
    assert projects.asked == ["workspace"]


async def test_an_event_that_comes_before_what_it_speaks_of_is_taken(
    airlock: Airlock, projects: Projects, people: People, world: World
) -> None:
    await world.rows("releases", "delete from known_users")
    await people.make("otis")
    await people.make("rosa")
    projects.states = MADE
    answer = await airlock.event("request_submitted", workspace="new-ws")
    assert (answer.status_code, answer.json()) == (201, {"status": "ok"})
    answer = await airlock.event("request_submitted", user="ghost")
    assert answer.json() == {"status": "error", "message": "User 'ghost' does not exist"}


async def test_releases_are_shown_and_read_though_their_workspace_has_not_arrived(
    airlock: Airlock, projects: Projects, speak: Speak, world: World
) -> None:
    projects.states = MADE
    answer = await airlock.create(("output/a.csv", b"a"), workspace="new-ws")
    release_id = answer.json()["release_id"]
    client = ReleasesClient(speak(by=person(1, "rosa", projects={"ProjectDeveloper": [9]})))

    async def forget() -> None:
        await world.rows("releases", "delete from known_workspaces where name = 'new-ws'")
        await world.rows("releases", "delete from known_projects where id = 9")

    await forget()
    assert [row.id for row in await client.of_workspace("new-ws")] == [release_id]
    await forget()
    assert (await client.release(release_id)).workspace.project_slug == "new-project"
    await forget()
    rosa = world.signer().sign(kind="pat", user=person(1, "rosa", projects={"ProjectDeveloper": [9]}))
    read = await airlock.client.get("/api/v2/releases/workspace/new-ws", headers={HEADER: rosa})
    assert (read.status_code, [file["name"] for file in read.json()["files"]]) == (200, ["tpp/output/a.csv"])
    await world.rows("releases", "delete from known_projects where id = 9")
    again = await airlock.create(("output/a.csv", b"a"), workspace="new-ws")
    assert "/new-project/new-ws/releases/" in again.json()["release_url"]
