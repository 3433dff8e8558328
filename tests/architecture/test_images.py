"""How images are made: from official ones, or from what stands in for them."""

import os
import re
import runpy
import subprocess

import pytest
import yaml

from .conftest import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()


def test_older_engines_and_older_compose_understand_it() -> None:
    """Docker Engine 20.10 without BuildKit, and Compose 1.29."""
    assert "start_interval" not in (ROOT / "docker-compose.yml").read_text()
    assert "--mount" not in DOCKERFILE


def test_there_is_a_stand_in_for_each_image_that_comes_from_a_registry() -> None:
    make = runpy.run_path(str(ROOT / "deploy/stand-in/make.py"))
    names = make["wanted"]()
    assert [name.split(":")[0] for name in names] == ["python", "postgres", "nats"] == list(make["MAKERS"])
    assert names[0].split(":")[1].removesuffix("-slim") in make["SUITES"]
    for name in ("postgres", "nats"):
        assert os.access(ROOT / "deploy/stand-in" / name / "entrypoint", os.X_OK)


@pytest.mark.parametrize("script", ["demo", "stand-in/postgres/entrypoint", "stand-in/nats/entrypoint"])
def test_scripts_are_read_by_any_shell(script: str) -> None:
    checked = subprocess.run(["sh", "-n", str(ROOT / "deploy" / script)], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_what_the_dockerfile_copies_is_there_and_is_let_in() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.M) for word in line.split()
    }
    assert copied == let_in
    assert all((ROOT / word).exists() for word in copied)
    assert re.search(r"^USER (?!root)\w+$", DOCKERFILE, re.M)
