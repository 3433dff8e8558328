"""The first fault of an action: its fields, its command, its outputs (Y14 to Y19)."""

from typing import Any

import pytest
from jobs.pipeline import parse

from .test_pipeline_rules import action, extraction, kind_of, of_path, of_run, pipeline


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (None, "wrong_type"),
        ("text", "wrong_type"),
        ({}, "run_missing"),
        ({"outputs": {}}, "run_missing"),
        ({"run": "python:v2 x"}, "outputs_missing"),
        (action() | {5: 1}, "invalid_value"),
        (action(action_id=1), "invalid_value"),
        (action(more=1), "unexpected_parameters"),
        (action(outputs=None), "wrong_type"),
        (action(outputs=[]), "wrong_type"),
        (action(run=None), "wrong_type"),
        (action(run=5), "wrong_type"),
        (action(needs="one"), "wrong_type"),
        (action(needs=""), "wrong_type"),
        (action(config=[]), "wrong_type"),
        (action(dummy_data_file=5), "wrong_type"),
        (action(outputs={}), "outputs_empty"),
        (action(outputs={"secret": {"x": "x.csv"}}), "outputs_empty"),
        (action(outputs={5: {}}), "invalid_value"),
        (action(outputs={"highly_sensitive": {}, "secret": {}}), "unexpected_parameters"),
        (action(outputs={"highly_sensitive": []}), "wrong_type"),
        (action(outputs={"highly_sensitive": {"x": 5}}), "wrong_type"),
        (action(needs=["a b"]), "needs_not_commas"),
        (action(needs=["b "]), "needs_not_commas"),
        (action(needs=[5]), "invalid_value"),
        (action(needs=[None]), "invalid_value"),
        (action(needs=[["b"]]), "invalid_value"),
    ],
)
def test_the_first_fault_of_an_action(body: Any, kind: str) -> None:
    assert kind_of(pipeline({"a": body})) == kind


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        ("", "run_empty"),
        ("  ", "invalid_value"),
        ("python:v2 'x", "invalid_value"),
        ("python:v2 x\\", "invalid_value"),
        ("python", "run_no_version"),
        ("python:2", "run_no_version"),
        ("python:v", "run_no_version"),
        ("python:V2", "run_no_version"),
        ("python:v2:v3", "run_no_version"),
        ("localhost:5000/x:v2", "run_no_version"),
        ("cohortextractor:v1 generate_cohort", "cohortextractor_removed"),
        ("cohortextractor-v2:v1 x", "cohortextractor_removed"),
        ("cohort'extractor':v1 x", "cohortextractor_removed"),
    ],
)
def test_a_run_that_cannot_be_used(run: str, kind: str) -> None:
    assert of_run(run) == kind


@pytest.mark.parametrize(
    "run", ["python:v.", "python:dev", "r:latest x", ":v2", "ghcr.io/x/y:v2", "x:v1.2-pre"]
)
def test_a_run_that_can(run: str) -> None:
    assert parse(pipeline({"a": action(run)})).actions[0].run == run


@pytest.mark.parametrize(
    ("path", "level", "kind"),
    [
        ("a\\b.csv", "highly_sensitive", "output_path_backslash"),
        ("**/x.csv", "highly_sensitive", "output_path_wildcard"),
        ("x?.csv", "highly_sensitive", "output_path_wildcard"),
        ("x[1].csv", "highly_sensitive", "output_path_wildcard"),
        (".csv", "highly_sensitive", "output_path_no_extension"),
        ("x.", "highly_sensitive", "output_path_no_extension"),
        ("", "highly_sensitive", "output_path_no_extension"),
        ("x.*", "highly_sensitive", "output_path_no_extension"),
        ("x.c*", "highly_sensitive", "output_path_no_extension"),
        ("dir.csv/x", "highly_sensitive", "output_path_no_extension"),
        ("x//y", "moderately_sensitive", "output_path_no_extension"),
        ("x.csv.gz", "moderately_sensitive", "output_path_file_type"),
        ("x.CSV", "moderately_sensitive", "output_path_file_type"),
        ("/x.rds", "moderately_sensitive", "output_path_file_type"),
        ("a//b.csv", "moderately_sensitive", "output_path_not_normal"),
        ("./a.csv", "highly_sensitive", "output_path_not_normal"),
        ("a/../b.csv", "highly_sensitive", "output_path_not_normal"),
        ("a.csv/", "highly_sensitive", "output_path_not_normal"),
        ("metadata/x.csv", "highly_sensitive", "output_path_metadata"),
        ("/x.csv", "highly_sensitive", "output_path_absolute"),
        ("c:/x.csv", "highly_sensitive", "output_path_absolute"),
    ],
)
def test_an_output_path_that_is_refused(path: str, level: str, kind: str) -> None:
    assert of_path(path, level) == kind


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("*.csv", "moderately_sensitive"),
        ("..csv", "highly_sensitive"),
        ("../x.csv", "highly_sensitive"),
        ("c:x.csv", "highly_sensitive"),
        ("~/x.csv", "highly_sensitive"),
        ("ö ä/x.csv", "highly_sensitive"),
        ("x.rds", "highly_sensitive"),
        ("x.anything", "minimally_sensitive"),
    ],
)
def test_an_output_path_that_is_taken(path: str, level: str) -> None:
    assert parse(pipeline({"a": action(outputs={level: {"x": path}})})).actions[0].outputs == {
        level: {"x": path}
    }


DATASET = "ehrql:v1 generate-dataset d.py"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (
            extraction(f"{DATASET} --output o/d.csv", "o/d.csv", level="moderately_sensitive"),
            "dataset_output_level",
        ),
        (extraction(DATASET, "o/d.csv"), "dataset_no_output_argument"),
        (extraction(f"{DATASET} --output", "o/d.csv"), "dataset_no_output_argument"),
        (extraction(f"{DATASET} --output=", "o/d.csv"), "dataset_no_output_argument"),
        (extraction(f"{DATASET} --output ./o/d.csv", "o/d.csv"), "dataset_output_mismatch"),
        (extraction(f"{DATASET} --output o/:csv", "p/d.csv"), "dataset_output_mismatch"),
        (extraction(f"{DATASET} --output :csv", "d.csv"), "dataset_output_mismatch"),
        (extraction("databuilder:v1 generate_dataset d.py", "o/d.csv"), "dataset_no_output_argument"),
    ],
)
def test_extracted_data_goes_exactly_where_it_is_said(body: dict[str, Any], kind: str) -> None:
    assert kind_of(pipeline({"a": body})) == kind


@pytest.mark.parametrize(
    "body",
    [
        extraction(f"{DATASET} --output o/d.csv", "o/d.csv"),
        extraction(f"{DATASET} --output=o/d.csv", "o/e.csv", "o/d.csv"),
        extraction(f"{DATASET} --output o/:csv", "o/x.csv", "o/deep/y.csv"),
        extraction(f"{DATASET} --output o:csv", "o/x.csv"),
        extraction("ehrql:v1  generate-dataset d.py", "o/d.csv"),
        extraction(f"{DATASET} --output o/d.csv", "o/d.csv", moderately_sensitive={}),
    ],
)
def test_extractions_that_are_right(body: dict[str, Any]) -> None:
    assert parse(pipeline({"a": body})).actions
