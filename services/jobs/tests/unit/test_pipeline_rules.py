"""Which fault of a readable file is told, and what a valid one yields (Y7 to Y13, Y20)."""

from typing import Any

import pytest
import yaml
from jobs.pipeline import PipelineError, check_policy, parse


def action(run: str = "python:v2 python a.py", **more: Any) -> dict[str, Any]:
    return {"run": run, "outputs": {"moderately_sensitive": {"x": f"output/{abs(hash(run))}.csv"}}} | more


def extraction(run: str, *paths: str, level: str = "highly_sensitive", **more: Any) -> dict[str, Any]:
    return action(run, outputs={level: {f"o{n}": path for n, path in enumerate(paths)}} | more)


def pipeline(actions: Any = None, version: Any = 4, **more: Any) -> str:
    chosen = {"a": action()} if actions is None else actions
    return yaml.safe_dump({"version": version, "actions": chosen} | more, sort_keys=False)


def kind_of(text: str) -> str:
    with pytest.raises(PipelineError) as refusal:
        parse(text)
    return refusal.value.kind


def of_action(**fields: Any) -> str:
    return kind_of(pipeline({"a": action() | fields}))


def of_run(run: Any) -> str:
    return of_action(run=run)


def of_path(path: Any, level: str = "highly_sensitive") -> str:
    return of_action(outputs={level: {"x": path}})


@pytest.mark.parametrize(
    ("version", "means"),
    [
        ("4", 4),
        ("' 4 '", 4),
        ("5e0", 5),
        ("+4", 4),
        ("true", 1),
        (".nan", 1),
        ("0", 0),
        ("-1", -1),
        ("'٤'", 4),
        ("0o4", 4),
        ("4.99", 4.99),
        ("!!str 4", 4),
    ],
)
def test_a_version_is_whatever_counts_as_a_number(version: str, means: float) -> None:
    assert parse(f"version: {version}\nactions: {{}}\n").version == means


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("latest", "version_not_number"),
        ("v5", "version_not_number"),
        ("5.0.0", "version_not_number"),
        ("''", "version_not_number"),
        ("[]", "version_not_number"),
        ("2020-01-01", "version_not_number"),
        ("~", "version_missing"),
        ("5.1", "version_too_new"),
        ("1_0", "version_too_new"),
        (".inf", "version_too_new"),
        ("9" * 400, "invalid_value"),
    ],
)
def test_another_version_is_refused(version: str, kind: str) -> None:
    assert kind_of(f"version: {version}\nactions: {{}}\n") == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("actions: {}", "version_missing"),
        ("version: 4", "wrong_type"),
        ("version: 4\nactions:", "wrong_type"),
        ("version: 4\nactions: []", "wrong_type"),
        ("version: 9\nactions: {}\nmore: 1", "unexpected_parameters"),
        ("version: 4\nactions: {}\ncls: 1", "invalid_value"),
        ("version: 4\nactions: {}\nexpectations: {population_size: 5}", "expectations_not_supported"),
        ("version: 3\nactions: {}", "expectations_missing"),
        ("version: 3\nactions: {}\nexpectations: 5", "wrong_type"),
        ("version: 3\nactions: {}\nexpectations: {}", "population_size_missing"),
        ("version: 3\nactions: {}\nexpectations: {population_size: 5, x: 1}", "unexpected_parameters"),
        ("version: 3\nactions: {}\nexpectations: {population_size: 5, 6: 1}", "invalid_value"),
        ("version: 3\nactions: {}\nexpectations: {population_size: ten}", "population_size_not_number"),
        ("version: 3\nactions: {}\nexpectations: {population_size: '1.5'}", "population_size_not_number"),
        ("version: 3\nactions: {}\nexpectations: {population_size: }", "population_size_not_number"),
        ("version: 3\nactions: {}\nexpectations: {population_size: .inf}", "invalid_value"),
    ],
)
def test_the_project_as_a_whole(text: str, kind: str) -> None:
    assert kind_of(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "version: 4\nactions: {}",
        "version: 4\nactions: {}\nexpectations:",
        "version: 3\nactions: {}\nexpectations: {population_size: 1.9}",
        "version: 3\nactions: {}\nexpectations: {population_size: '10'}",
        "version: 2.5\nactions: {}",
        "version: 3.5\nactions: {}\nexpectations: nonsense",
    ],
)
def test_a_project_without_faults(text: str) -> None:
    assert parse(text).actions == ()


def cohort(version: float = 3, more: str = "", **outputs: Any) -> str:
    body = action(f"cohortextractor:v1 generate_cohort {more}", outputs=outputs)
    return pipeline({"a": body}, version, expectations={"population_size": 10})


def test_an_old_cohort_has_one_level_and_one_directory() -> None:
    one, other = {"x": "o/a.csv"}, {"y": "p/b.csv"}
    assert kind_of(cohort(highly_sensitive=one, moderately_sensitive=other)) == "cohort_output_levels"
    assert kind_of(cohort(highly_sensitive=one | other)) == "cohort_output_dirs"
    assert kind_of(cohort(highly_sensitive={})) == "cohort_output_dirs"
    assert parse(cohort(highly_sensitive=one | other, more="--output-dir=o")).actions
    assert parse(cohort(highly_sensitive=one)).actions


@pytest.mark.parametrize(
    ("version", "actions", "kind"),
    [
        (5, {"run_all": None}, "run_all_reserved"),
        (5, {"a": action("r:latest x")}, "latest_tag"),
        (1, {"a": action(), "b": action()}, "duplicate_run"),
        (2, {"a": action(), "b": action() | {"run": "r:v2 b"}}, "output_path_not_unique"),
        (4, {"a": action(needs=["b"])}, "unknown_needs"),
        (4, {"a": action(needs=[""])}, "unknown_needs"),
        (4, {"a": action(needs=["run_all"])}, "unknown_needs"),
        (4, {"a": action(needs=["a"])}, "dependency-cycle"),
        (5, {"a": action("r:latest x", needs=["zz"])}, "latest_tag"),
        (5, {"run_all": None, "a": None}, "run_all_reserved"),
        (5, {"a": None, "run_all": None}, "wrong_type"),
        (4, {"a": action(needs=["zz"]), "b": None}, "wrong_type"),
    ],
)
def test_actions_together(version: float, actions: dict[str, Any], kind: str) -> None:
    assert kind_of(pipeline(actions, version)) == kind


def test_one_path_may_stand_twice_in_the_first_version() -> None:
    assert len(parse(pipeline({"a": action(), "b": action() | {"run": "r:v2 b"}}, 1)).actions) == 2


def test_a_cycle_is_shown_as_a_path() -> None:
    runs = {"a": "b", "b": "c", "c": "a"}
    text = pipeline({name: action(f"r:v2 {name}", needs=[need]) for name, need in runs.items()})
    with pytest.raises(PipelineError, match="a -> b -> c -> a"):
        parse(text)


def test_actions_and_needs_keep_the_order_of_the_file() -> None:
    actions = {
        "z": action("r:v2 z"),
        "m": action("r:v2 m"),
        "a": action("r:v2 a", needs=["z", "m", "z"]),
    }
    found = parse(pipeline(actions))
    assert [one.name for one in found.actions] == ["z", "m", "a"]
    assert found.actions[2].needs == ("z", "m", "z")


def test_an_own_run_all_is_checked_but_is_no_action() -> None:
    found = parse(pipeline({"a": action(), "run_all": action("r:v2 all", needs=["a"])}))
    assert [one.name for one in found.actions] == ["a"]
    assert kind_of(pipeline({"a": action(), "run_all": action("r:v2 all", needs=["zz"])})) == "unknown_needs"


@pytest.mark.parametrize(
    ("run", "database"),
    [
        ("sqlrunner:v1", True),
        ("ehrql:v1 generate-measures m.py", True),
        ("'ehrql:v1' generate-measures m.py", True),
        ("ehrql:v1 generate_dataset d.py --output o.csv", False),
        ("ehrql:v1 --verbose generate-measures m.py", False),
        ("databuilder:v1 generate-measures m.py", False),
        ("EHRQL:v1 generate-measures m.py", False),
        ("python:v2 ehrql generate-measures", False),
    ],
)
def test_which_actions_read_the_database(run: str, database: bool) -> None:
    found = parse(pipeline({"a": extraction(run, "o.csv")}))
    assert found.actions[0].is_database is database


def test_what_this_place_does_not_run_is_refused_after_a_valid_parse() -> None:
    old = parse(cohort(highly_sensitive={"x": "o/a.csv"}))
    with pytest.raises(PipelineError) as refusal:
        check_policy(old, sqlrunner_allowed=True)
    assert refusal.value.kind == "policy_cohortextractor"
    query = parse(pipeline({"a": action("sqlrunner:v1 q.sql")}))
    check_policy(query, sqlrunner_allowed=True)
    with pytest.raises(PipelineError) as refusal:
        check_policy(query, sqlrunner_allowed=False)
    assert refusal.value.kind == "policy_sqlrunner"
    both = parse(pipeline({"a": action("sqlrunner:v1 q.sql"), "b": action("r:v2 cohortextractor.R")}))
    with pytest.raises(PipelineError) as refusal:
        check_policy(both, sqlrunner_allowed=False)
    assert refusal.value.kind == "policy_cohortextractor"
