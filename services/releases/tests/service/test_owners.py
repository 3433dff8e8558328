"""What has not arrived here yet is asked of its owner, once, and used at once."""

from kit.identity import HEADER
from testkit.world import World

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
