import importlib
import os
from pathlib import Path
from typing import Any

import pytest
from contracts.catalogue import SERVICES
from launcher.configuration import OUTSIDE, Plan, Secrets, read_dotenv
from launcher.supervisor import targets

PROCESSES = [name for name, _, _ in targets(sandbox=True)]


def plan_of(home: Path, *, sandbox: bool = True, **outside: str) -> Plan:
    ports = {name: 7000 + i for i, name in enumerate([*PROCESSES, "postgres", "nats", "smtp"])}
    return Plan(home, Secrets.of(home), ports, sandbox, outside)


def settings_of(process: str) -> type[Any]:
    found: type[Any] = importlib.import_module(f"{process.removesuffix('-worker')}.settings").Settings
    return found


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    made = Secrets.of(tmp_path)
    assert Secrets.of(tmp_path) == made
    file = tmp_path / "secrets.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secrets.json"]


def test_two_homes_share_no_secret(tmp_path: Path) -> None:
    homes = [tmp_path / "one", tmp_path / "two"]
    for home in homes:
        home.mkdir()
    one, two = ([value for value in _texts(Secrets.of(home).__dict__) if len(value) > 12] for home in homes)
    assert one
    assert not set(one) & set(two)


def test_secrets_half_written_by_a_killed_start_are_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secrets.new").write_text('{"postgres": "hal')
    assert Secrets.of(tmp_path) == Secrets.of(tmp_path)


@pytest.mark.parametrize("process", [name for name in PROCESSES if name != "sandbox"])
def test_a_process_starts_with_its_own_variables_alone(
    tmp_path: Path, process: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(tmp_path)
    given = plan.environment(process)
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = settings_of(process)()
    assert settings.port == plan.ports[process]
    assert settings.base_url == f"http://localhost:{plan.ports['gateway']}"
    assert set(settings.verify_keys) == {*SERVICES, "gateway"}


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_knows_no_password_and_no_private_key_but_its_own(tmp_path: Path, process: str) -> None:
    plan = plan_of(tmp_path)
    service = process.removesuffix("-worker")
    secrets = plan.secrets
    own = {
        secrets.databases.get(service),
        secrets.nats.get(service),
        secrets.pairs.get(service, [None])[0],
    }
    own |= {secrets.token_key} if service == "identity" else set()
    own |= {secrets.secret_key} if service == "gateway" else set()
    own |= {secrets.rap_token} if service in {"jobs", "sandbox"} else set()
    everything = {secrets.postgres, secrets.token_key, secrets.secret_key, secrets.rap_token}
    everything |= {*secrets.databases.values(), *secrets.nats.values()}
    everything |= {private for private, _ in secrets.pairs.values()}
    said = "\n".join(plan.environment(process).values())
    assert {secret for secret in everything if secret in said} == own - {None}


def test_a_worker_has_the_variables_of_its_service_and_a_port_of_its_own(tmp_path: Path) -> None:
    plan = plan_of(tmp_path)
    for service in SERVICES:
        api, worker = plan.environment(service), plan.environment(f"{service}-worker")
        assert api.pop("PORT") != worker.pop("PORT")
        assert api == worker


@pytest.mark.parametrize("name", sorted(OUTSIDE))
def test_what_is_set_outside_reaches_those_who_use_it_and_nobody_else(tmp_path: Path, name: str) -> None:
    plan = plan_of(tmp_path, **{name: "from outside"})
    receivers = {p for p in PROCESSES if plan.environment(p).get(name) == "from outside"} - {"sandbox"}
    wanted = {p for p in PROCESSES if p.removesuffix("-worker") in OUTSIDE[name]}
    assert receivers == wanted
    for process in wanted:
        assert name.lower() in settings_of(process).model_fields


def test_what_is_set_wins_over_the_sandbox_one_by_one(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, SMTP_URL="smtp://mail.example:25")
    environment = plan.environment("notifications")
    assert environment["SMTP_URL"] == "smtp://mail.example:25"
    assert environment["SLACK_API_URL"].startswith(f"http://127.0.0.1:{plan.ports['sandbox']}/")


def test_a_real_system_has_nothing_of_its_stand_in(tmp_path: Path) -> None:
    """Its addresses, timings and tokens go together: half of each would be neither."""
    plan = plan_of(tmp_path, RAP_API_BASE_URL="https://controller.example/controller/v1/")
    environment = plan.environment("jobs")
    assert not {"RAP_API_FIRST_POLL", "BACKEND_POLL_INTERVAL", "RAP_API_TOKEN"} & set(environment)
    assert environment["GITHUB_API_URL"].endswith("/github/api"), "another system stays as it is"
    assert plan.missing == ["RAP_API_TOKEN"]
    assert plan_of(tmp_path, RAP_API_BASE_URL="https://c.example/", RAP_API_TOKEN="t").missing == []
    assert plan_of(tmp_path).missing == []
    assert plan_of(tmp_path, sandbox=False).missing == ["RAP_API_BASE_URL", "RAP_API_TOKEN"]
    assert plan.stood_in == ["github", "opencodelists", "slack", "mailbox"]
    github = plan_of(tmp_path, GITHUB_API_URL="https://api.github.example")
    assert "github" not in github.stood_in
    assert "GITHUB_BROWSER_URL" not in github.environment("identity")
    assert github.missing == ["SOCIAL_AUTH_GITHUB_KEY", "SOCIAL_AUTH_GITHUB_SECRET"]


def test_a_token_given_for_the_stand_in_is_the_stand_ins_too(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, RAP_API_TOKEN="mine")
    assert plan.environment("jobs")["RAP_API_TOKEN"] == plan.environment("sandbox")["RAP_API_TOKEN"] == "mine"


def test_without_the_sandbox_nothing_stands_in(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, sandbox=False, GITHUB_API_URL="https://api.github.example")
    for process in PROCESSES:
        if process != "sandbox":
            assert str(plan.ports["sandbox"]) not in " ".join(plan.environment(process).values())
    assert "RAP_API_BASE_URL" not in plan.environment("jobs")
    assert plan.environment("jobs")["GITHUB_API_URL"] == "https://api.github.example"
    assert "sandbox" not in [name for name, _, _ in targets(sandbox=False)]


def test_the_sites_address_and_secret_may_be_given(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, BASE_URL="https://jobs.example", SECRET_KEY="given")
    assert plan.environment("gateway")["SECRET_KEY"] == "given"
    assert {plan.environment(s)["BASE_URL"] for s in SERVICES} == {"https://jobs.example"}
    assert not any("SECRET_KEY" in plan.environment(s) for s in SERVICES)


def test_nothing_of_the_shell_is_inherited_but_the_usual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere")
    plan = plan_of(tmp_path)
    for process in PROCESSES:
        environment = plan.environment(process)
        assert "AWS_SECRET_ACCESS_KEY" not in environment
        assert environment.get("DATABASE_URL") != "postgresql://elsewhere"


def test_a_dotenv_file_has_names_values_comments_and_quotes(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert read_dotenv(file) == {}
    file.write_text(
        "# a comment\n\nA=1\n B = two words \nexport C='quoted'\nD=\"x=y\"\nnonsense\nE=\n#F=no\n"
    )
    assert read_dotenv(file) == {"A": "1", "B": "two words", "C": "quoted", "D": "x=y", "E": ""}


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    return [text for item in items for text in _texts(item)]


def test_the_sample_names_every_variable_that_may_be_set() -> None:
    sample = (Path(__file__).parents[4] / "dotenv-sample").read_text()
    named = {line.removeprefix("# ").partition("=")[0] for line in sample.splitlines() if "=" in line}
    assert {*OUTSIDE, "BASE_URL", "SECRET_KEY"} <= named
