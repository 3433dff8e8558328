"""What may be run here, after a valid parse (Y20)."""

from jobs.pipeline.model import Pipeline, PipelineError


def check_policy(pipeline: Pipeline, *, sqlrunner_allowed: bool) -> None:
    """Raises PipelineError when any action uses what is not offered, or not to this project."""
    for action in pipeline.actions:
        if "cohortextractor" in action.run:
            raise PipelineError(
                "policy_cohortextractor",
                f"Action {action.name} uses cohortextractor, which is no longer supported. Use ehrQL.",
                action.line,
            )
    for action in pipeline.actions:
        if "sqlrunner" in action.run and not sqlrunner_allowed:
            raise PipelineError(
                "policy_sqlrunner",
                f"Action {action.name} uses sqlrunner, which this project may not.",
                action.line,
            )
