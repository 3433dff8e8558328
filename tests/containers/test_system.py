"""The main job and Airlock's calls through the containers, some of them killed on the way."""

import json
import os
from typing import Any

import docker
import pytest
from docker.models.containers import Container
from sandbox.airlock_demo import play
from testkit.engine import connect
from testkit.visitor import Visitor
from testkit.waiting import until

from .conftest import System

# `docker kill` would tell the engine not to start it again: the program is killed from inside instead.
KILL_OURS = ["sh", "-c", "kill -9 -1"]
END_FIRST = ["sh", "-c", "kill -s INT 1"]


@pytest.fixture(scope="module")
def engine() -> docker.DockerClient:
    return connect()


def containers(engine: docker.DockerClient, service: str = "") -> list[Container]:
    """Of this system, all of them or a service's."""
    labels = [f"com.docker.compose.project={os.environ['COMPOSE_PROJECT_NAME']}"]
    labels += [f"com.docker.compose.service={service}"] if service else []
    found: list[Container] = engine.containers.list(all=True, filters={"label": labels})
    return found


def not_well(engine: docker.DockerClient) -> dict[str, str]:
    """Containers that are neither healthy nor steps that ended well."""
    found: dict[str, str] = {}
    for container in containers(engine):
        state = container.attrs["State"]
        well = state.get("Health", {}).get("Status") == "healthy" or (
            (state["Status"], state["ExitCode"]) == ("exited", 0)
        )
        if not well:
            found[container.name] = f"{state['Status']} {state['ExitCode']}"
    return found


def all_well(engine: docker.DockerClient) -> None:
    until(lambda: not not_well(engine) or None, 90)


def kill(engine: docker.DockerClient, service: str, command: list[str]) -> None:
    """And wait until the engine has started it again."""
    [container] = containers(engine, service)
    began = container.attrs["State"]["StartedAt"]

    def again() -> bool:
        container.reload()
        state: dict[str, Any] = container.attrs["State"]
        return bool(state["StartedAt"] != began and state["Running"])

    container.exec_run(command)
    until(again, 40)


def test_every_container_is_healthy_or_ended_well(system: System, engine: docker.DockerClient) -> None:
    assert system.demo["backend"]["token"]
    all_well(engine)
    assert len(containers(engine)) > 20


def test_a_run_goes_from_the_form_to_one_mail(rosa: Visitor) -> None:
    path = rosa.run("report")
    rosa.wait_for(path, "succeeded")
    rosa.has_one_mail(path, within=60, quiet=2)


@pytest.mark.parametrize(
    ("services", "command"),
    [
        (["jobs-worker", "notifications-worker", "jobs", "gateway"], KILL_OURS),
        (["postgres", "nats"], END_FIRST),
    ],
    ids=["ours", "servers"],
)
def test_what_is_killed_during_a_run_comes_back_and_there_is_one_mail(
    rosa: Visitor, engine: docker.DockerClient, services: list[str], command: list[str]
) -> None:
    rosa.control("actions/report", {"hang": True})
    path = rosa.run("report", force_run_dependencies="on")
    rosa.wait_for(path, "running")
    for service in services:
        kill(engine, service, command)
    rosa.control("actions/report", {})
    rosa.wait_for(path, "succeeded", 90)
    rosa.has_one_mail(path, within=60, quiet=2)
    all_well(engine)


def test_airlock_releases_files(system: System, rosa: Visitor) -> None:
    made = system.inside("identity", "python", "-m", "identity.cli", "create_login_token", "rosa", "--json")
    request = play(system.demo, json.loads(made)["token"])
    page = rosa.web.get(f"/{system.demo['project']}/{system.demo['workspace']}/releases/{request}/")
    assert "rates.csv" in page.text


def test_starting_again_keeps_everything(system: System, rosa: Visitor) -> None:
    """An upgrade is the same command again; the steps are repeated."""
    path = rosa.run("report")
    rosa.wait_for(path, "succeeded")
    said = system.compose("down", "--timeout", "5") + system.compose(within=300)
    assert system.url in said
    assert json.loads(system.inside("sandbox", "cat", "/data/demo.json")) == system.demo
    rosa.wait_for(path, "succeeded")
    assert len(rosa.mails_about(path)) == 1
