"""project.yaml: read, checked and understood by the rules of docs/behaviour/project-yaml.md."""

from jobs.pipeline.bounded import parse_bounded
from jobs.pipeline.model import Action, Pipeline, PipelineError
from jobs.pipeline.parse import parse
from jobs.pipeline.policy import check_policy

__all__ = ["Action", "Pipeline", "PipelineError", "check_policy", "parse", "parse_bounded"]
