"""What people read when another system fails: a sentence and what happens next, not that system's words."""

import re
from typing import NamedTuple


class Trouble(NamedTuple):
    sentence: str
    next_step: str = ""

    @property
    def text(self) -> str:
        return f"{self.sentence} {self.next_step}".strip()


_AGAIN = "It is tried again by itself; you need not do anything."
_SUPPORT = "If it stays like this, tell support."

KEPT = "You can ask for jobs: they are kept, and start once it is known again."

TROUBLES = {
    "controller_away": Trouble("The controller of the backends cannot be reached at the moment.", _AGAIN),
    "controller_unclear": Trouble(
        "The controller of the backends gave no clear answer.", f"It is asked what became of this. {_AGAIN}"
    ),
    "controller_refuses": Trouble(
        "The controller of the backends does not accept this site at the moment.",
        f"Staff can see why. {_AGAIN}",
    ),
    "controller_failed": Trouble("The controller could not make jobs of this request.", _SUPPORT),
    "controller_silent": Trouble(
        "The controller of the backends gave no clear answer for so long that the request was given up.",
        "Ask for it again; if it stays like this, tell support.",
    ),
    "never_mentioned": Trouble("The controller of the backends has never told of this one.", KEPT),
    "unmentioned": Trouble("The controller of the backends does not mention this one any more.", KEPT),
    "part_away": Trouble("A part of this site is not available at the moment.", _AGAIN),
    "forgotten": Trouble(
        "The controller of the backends no longer knows this request.",
        "Its jobs will not go on. Ask for it again; staff have been told.",
    ),
    "cancel_refused": Trouble(
        "The jobs could not be cancelled and go on: the controller of the backends did not accept it.",
        "You can try once more; staff have been told.",
    ),
    "repo_unreadable": Trouble(
        "The backend cannot read this repository.",
        "Check that it still exists under its address and that the backend may read it.",
    ),
    "repo_not_allowed": Trouble(
        "The backend does not accept this repository.",
        "It has to belong to one of the organisations on GitHub whose code may be run.",
    ),
    "commit_gone": Trouble(
        "The backend cannot find this commit on the workspace's branch.",
        "It may have been removed by a force push. Run the newest commit instead.",
    ),
    "branch_gone": Trouble(
        "The backend cannot find the workspace's branch.", "Check that it still exists on GitHub."
    ),
    "no_pipeline": Trouble("This commit has no project.yaml.", "Add one to the top of the repository."),
    "action_repo_gone": Trouble(
        "A reusable action that project.yaml names cannot be found.", "Check its name and version."
    ),
    "github_away": Trouble("GitHub cannot be reached at the moment.", "Try again in a few minutes."),
    "github_refuses": Trouble("GitHub does not let this site read the repository.", _SUPPORT),
}

# The controller's refusals that carry addresses or words of its own (RAP18). All others were
# written for people: what is wrong with project.yaml, an action that is not there, old codelists.
_REFUSALS = (
    (r"^Could not find commit on branch", "commit_gone"),
    (r"^Could not find branch|^A branch name must", "branch_gone"),
    (r"^Could not read from|^Repository URL", "repo_unreadable"),
    (r"^Repository .* does not belong", "repo_not_allowed"),
    (r"^No project\.yaml", "no_pipeline"),
    (r"could not find a repo at", "action_repo_gone"),
    (r"^Unknown error|https?://|<[a-z!/]|Traceback|Error\(|^$", "controller_failed"),
)


def of_refusal(details: str) -> Trouble:
    """The controller refused to make jobs, with these words."""
    for pattern, kind in _REFUSALS:
        if re.search(pattern, details):
            return TROUBLES[kind]
    return Trouble(details)


def sentence(kind: str | None) -> str | None:
    """For a page or mail; kinds of an older release are told in general words."""
    return None if kind is None else TROUBLES.get(kind, TROUBLES["part_away"]).text
