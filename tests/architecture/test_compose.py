"""docker-compose.yml against the code: no engine is needed to see that everything it names exists."""

import importlib
import itertools
import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from contracts.catalogue import SERVICES
from launcher.embedded.nats import USERS, permissions
from sandbox import steps
from sandbox.demo import World
from testkit import choice
from testkit.apps import app_routes, settings_class

from .conftest import PROGRAMS, ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES_OF_COMPOSE: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
VARIABLE = re.compile(r"\$\{([A-Z_]+)(:[?-][^}]*)?\}")
PROCESSES = [*PROGRAMS, *(f"{service}-worker" for service in SERVICES)]
# What makes the demo world; the middle ones run a service's commands in its image, with its variables.
DEMO_OF = {"demo-people": "identity", "demo-projects": "projects", "demo-members": "identity"}
DEMO = ["demo-script", *DEMO_OF, "demo"]
# Read by the S3 client itself, not by a Settings class.
S3 = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL"}


def program(name: str) -> str:
    return name.removesuffix("-worker").removesuffix("-migrate")


def environment(name: str) -> dict[str, str | None]:
    found: dict[str, str | None] = SERVICES_OF_COMPOSE[name].get("environment", {})
    return found


def dotenv(text: str) -> dict[str, str]:
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """What `python -m kit.keys` and deploy/sandbox.env put into the environment of compose."""
    keys = subprocess.run([sys.executable, "-m", "kit.keys"], capture_output=True, text=True, check=True)
    return dotenv(keys.stdout) | dotenv((ROOT / "deploy" / "sandbox.env").read_text())


def resolved(name: str, made: dict[str, str]) -> dict[str, str]:
    """The container's environment as compose makes it. Raises KeyError for what must be set and is not."""

    def value(match: re.Match[str]) -> str:
        rule = match[2] or ""
        return made.get(match[1], rule[2:]) if rule.startswith(":-") else made[match[1]]

    found: dict[str, str] = {}
    for variable, text in environment(name).items():
        if text is None:
            found |= {variable: made[variable]} if variable in made else {}
        else:
            found[variable] = VARIABLE.sub(value, text)
    return found


def test_every_program_is_a_service_with_its_worker_and_its_migration() -> None:
    once = {"bootstrap", "streams", *(f"{service}-migrate" for service in SERVICES)}
    assert set(SERVICES_OF_COMPOSE) == {*PROCESSES, *once, *DEMO, "postgres", "nats", "sandbox"}


def test_the_database_and_the_broker_are_the_official_images() -> None:
    """The tests' too."""
    assert SERVICES_OF_COMPOSE["postgres"]["image"] == choice.POSTGRES == "postgres:17-alpine"
    assert SERVICES_OF_COMPOSE["nats"]["image"] == choice.NATS == "nats:2.11-alpine"


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_starts_with_its_variables_and_knows_each_of_them(
    name: str, made: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {field.upper() for field in settings_class(program(name)).model_fields}
    assert set(environment(name)) <= (fields | S3 if program(name) == "releases" else fields)
    for variable in os.environ:
        monkeypatch.delenv(variable)
    for variable, value in resolved(name, made).items():
        monkeypatch.setenv(variable, value)
    settings = settings_class(program(name))()
    assert settings.verify_keys.keys() == {*SERVICES, "gateway"}
    assert all(part for part in (settings.nats_url, settings.signing_key))


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_has_its_own_keys_and_nobody_elses(name: str) -> None:
    own = program(name).upper()
    asked = {match[1] for text in environment(name).values() for match in VARIABLE.finditer(text or "")}
    secret = {word for word in asked if word.endswith(("_PASSWORD", "_SIGNING_KEY"))}
    allowed = {f"{own}_SIGNING_KEY", f"NATS_{own}_PASSWORD"}
    assert secret == (allowed if own == "GATEWAY" else allowed | {f"{own}_DATABASE_PASSWORD"})
    assert ("SECRET_KEY" in asked) == (own == "GATEWAY")
    assert ("TOKEN_KEYS" in asked) == (own == "IDENTITY")


def test_only_the_migration_of_a_service_knows_its_owners_password_and_only_one_step_the_superusers() -> None:
    text = {name: json.dumps(service.get("environment", {})) for name, service in SERVICES_OF_COMPOSE.items()}
    for service in SERVICES:
        knowing = {name for name in text if f"${{{service.upper()}_OWNER_PASSWORD" in text[name]}
        assert knowing == {"bootstrap", f"{service}-migrate"}
    assert {name for name in text if "${POSTGRES_PASSWORD" in text[name]} == {"postgres", "bootstrap"}
    assert {name for name in text if "${NATS_ADMIN_PASSWORD" in text[name]} == {"nats", "streams"}


@pytest.mark.parametrize("name", PROCESSES)
def test_addresses_name_services_of_the_file_and_the_port_they_listen_on(
    name: str, made: dict[str, str]
) -> None:
    ports = {"postgres": 5432, "nats": 4222} | dict.fromkeys([*PROGRAMS, "sandbox"], 8000)
    inside = {v: t for v, t in resolved(name, made).items() if "://" in t and "localhost" not in t}
    for variable, text in inside.items():
        url = urlsplit(text)
        assert url.hostname in SERVICES_OF_COMPOSE, variable
        if variable == "SMTP_URL":
            assert str(url.port) == environment("sandbox")["SMTP_PORT"]
        else:
            assert url.port == ports[str(url.hostname)], variable
    if name in SERVICES:
        database = urlsplit(inside["DATABASE_URL"])
        assert (database.username, database.path) == (name, "/jobserver")
        assert environment("postgres")["POSTGRES_DB"] == "jobserver"
    assert urlsplit(inside["NATS_URL"]).username == program(name)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_told_the_address_of_every_neighbour_it_asks(name: str) -> None:
    source = "\n".join(file.read_text() for file in (ROOT / "services" / name / "src").rglob("*.py"))
    asked = set(re.findall(r'\.client\("(\w+)"', source)) | set(re.findall(r'\bClient\("(\w+)"', source))
    replicas = importlib.import_module(f"{name}.replicas").REPLICAS
    asked |= {replica.state.thing.split(".")[0] for replica in replicas}
    told = {variable for variable in environment(name) if f"{variable[:-4].lower()}" in SERVICES}
    assert told == {f"{neighbour.upper()}_URL" for neighbour in asked}


def test_nothing_publishes_a_port_but_the_gateway_and_in_its_profile_the_sandbox_on_loopback() -> None:
    published = {name: s["ports"] for name, s in SERVICES_OF_COMPOSE.items() if "ports" in s}
    assert set(published) == {"gateway", "sandbox"}
    assert SERVICES_OF_COMPOSE["sandbox"]["profiles"] == ["sandbox"]
    assert published["sandbox"] == ["127.0.0.1:${SANDBOX_PORT:-8001}:8000"]
    assert all(port.endswith(":8000") for port in published["gateway"])
    assert not [name for name, s in SERVICES_OF_COMPOSE.items() if "network_mode" in s]
    assert [name for name, s in SERVICES_OF_COMPOSE.items() if "profiles" in s] == ["sandbox", *DEMO]


def test_health_is_asked_on_the_port_of_the_image_at_a_path_that_every_program_answers(
    service_app: Callable[[str], Any],
) -> None:
    assert "PORT=8000" in DOCKERFILE
    for name in [*PROCESSES, "sandbox"]:
        check = SERVICES_OF_COMPOSE[name]["healthcheck"]["test"]
        assert check == ["CMD", "python", "-m", "kit.healthcheck", "8000"]
        assert "PORT" not in environment(name)
    asked = re.search(
        r"(/health/\w+)", Path(importlib.import_module("kit.healthcheck").__file__ or "").read_text()
    )
    assert asked
    assert '"/health/ready"' in Path(importlib.import_module("gateway.app").__file__ or "").read_text()
    for name in SERVICES:
        assert ("GET", "/health/ready") in app_routes(service_app(name))
    source = (ROOT / "libs/sandbox/src/sandbox/human.py").read_text()
    assert '"/health/ready"' in source


@pytest.mark.parametrize("name", [*PROGRAMS, "sandbox"])
def test_an_image_is_built_for_a_package_of_the_workspace(name: str) -> None:
    build = SERVICES_OF_COMPOSE[name]["build"]
    assert (ROOT / build["context"] / build["dockerfile"]).is_file()
    assert build["args"] == {"SERVICE": name}
    assert SERVICES_OF_COMPOSE[name]["image"] == f"job-server-{name}"
    folders = [ROOT / kind / name for kind in ("services", "libs")] + [ROOT / name]
    [project] = [folder / "pyproject.toml" for folder in folders if (folder / "pyproject.toml").exists()]
    assert f'name = "{name}"' in project.read_text()
    assert callable(importlib.import_module(f"{name}.app").create)


def test_what_is_not_built_here_runs_from_an_image_that_is() -> None:
    built = {s["image"] for s in SERVICES_OF_COMPOSE.values() if "build" in s}
    for name, service in SERVICES_OF_COMPOSE.items():
        if "build" not in service and name not in {"postgres", "nats"}:
            assert service["image"] in built
            assert service["pull_policy"] == "never"


def test_every_command_names_a_module_and_a_worker_that_exist() -> None:
    for name, service in SERVICES_OF_COMPOSE.items():
        if (command := service.get("command")) and name not in DEMO_OF:
            assert command[:2] == ["python", "-m"]
            source = Path(importlib.import_module(command[2]).__file__ or "").read_text()
            assert 'if __name__ == "__main__":' in source
            if name.endswith("-worker"):
                assert command[3:] == ["worker", f"{program(name)}.worker:main"]
                assert callable(importlib.import_module(f"{program(name)}.worker").main)
            if name.endswith("-migrate"):
                assert command[2:] == ["kit.migrations", program(name)]
                assert service["image"] == f"job-server-{program(name)}"


def test_the_demo_world_is_made_by_each_service_in_its_image_with_its_variables_in_turn(
    tmp_path: Path,
) -> None:
    steps.write(World(tmp_path, "http://jobs.test", "http://sandbox.test"))
    for name, service in DEMO_OF.items():
        step = SERVICES_OF_COMPOSE[name]
        assert step["image"] == f"job-server-{service}"
        assert environment(name) == environment(service)
        assert step["profiles"] == ["sandbox"]
        ran, file = step["command"]
        assert ran == service
        assert (tmp_path / "demo" / f"{file}.jsonl").is_file()
        assert f"{service}-migrate" in step["depends_on"] or name == "demo-members"
    source = (ROOT / "libs/sandbox/src/sandbox/steps.py").read_text()
    for variable in environment("demo"):
        assert re.search(f"[\"']{variable}[\"']", source)
    for earlier, later in itertools.pairwise(DEMO):
        assert SERVICES_OF_COMPOSE[later]["depends_on"][earlier] == {
            "condition": "service_completed_successfully"
        }


def test_every_process_waits_for_its_schema_and_for_the_streams() -> None:
    for name in PROCESSES:
        needs = SERVICES_OF_COMPOSE[name]["depends_on"]
        wanted = {"nats"} if name == "gateway" else {f"{program(name)}-migrate", "streams"}
        assert set(needs) == wanted
        assert all(SERVICES_OF_COMPOSE[other] for other in needs)


def test_the_bootstrap_gets_a_password_for_each_role(made: dict[str, str]) -> None:
    passwords = json.loads(resolved("bootstrap", made)["DATABASE_PASSWORDS"])
    assert set(passwords) == {role for service in SERVICES for role in (service, f"{service}_owner")}
    source = Path(importlib.import_module("kit.bootstrap").__file__ or "").read_text()
    for variable in environment("bootstrap"):
        assert f'os.environ["{variable}"]' in source


def test_the_sandbox_reads_each_of_its_variables(made: dict[str, str]) -> None:
    source = (ROOT / "libs/sandbox/src/sandbox/app.py").read_text()
    for variable in environment("sandbox"):
        assert f'"{variable}"' in source
    told = dotenv((ROOT / "deploy" / "sandbox.env").read_text())
    passed_on = {variable for name in PROCESSES for variable in environment(name)}
    assert set(told) <= passed_on


def test_the_broker_is_configured_as_the_embedded_one(made: dict[str, str], tmp_path: Path) -> None:
    text = (ROOT / "deploy" / "nats.conf").read_text()
    users = dict(
        re.findall(r'\{ user: "(\w+)", password: \$NATS_\w+_PASSWORD, permissions: \{(.*?)\}', text, re.S)
    )
    assert list(users) == list(USERS)
    for user in USERS:
        assert f'user: "{user}", password: $NATS_{user.upper()}_PASSWORD' in text
        assert " ".join(users[user].split()) == permissions(user).replace(", subscribe:", " subscribe:")
        assert f"NATS_{user.upper()}_PASSWORD" in environment("nats")
    assert "./deploy/nats.conf:/etc/nats/nats-server.conf:ro" in SERVICES_OF_COMPOSE["nats"]["volumes"]
    monitor = re.search(r'http: "127\.0\.0\.1:(\d+)"', text)
    assert monitor
    assert f"http://127.0.0.1:{monitor[1]}/healthz" in SERVICES_OF_COMPOSE["nats"]["healthcheck"]["test"]
    server = Path(sysconfig.get_path("scripts"), "nats-server")
    command = [str(server), "-t", "-c", str(ROOT / "deploy" / "nats.conf")]
    checked = subprocess.run(command, env=resolved("nats", made), capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_volumes_are_declared_and_released_files_are_kept() -> None:
    used = {v.split(":")[0] for s in SERVICES_OF_COMPOSE.values() for v in s.get("volumes", [])}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])
    for name in ("releases", "releases-worker"):
        assert environment(name)["RELEASE_STORAGE"] == "${RELEASE_STORAGE:-/data}"
        assert SERVICES_OF_COMPOSE[name]["volumes"] == ["releases:/data"]
