"""The world as it is found: repositories with history, labels, accounts."""

from sandbox.github.accounts import DEMO, account
from sandbox.github.git import add_commit
from sandbox.seed.studies import STUDIES
from sandbox.store import Store

LABELS = ("internal", "external", "Pending review", "Under review", "With requester")
CHECKING = ("ebmdatalab", "opensafely-output-review")


def seed(store: Store) -> None:
    """Once per store."""
    if store.flag("seeded"):
        return
    for login in DEMO:
        account(store, login)
    for label in LABELS:
        store.run("insert or ignore into labels values (?, ?, ?)", *CHECKING, label)
    for name, commits in STUDIES.items():
        for message, author, at, files in commits:
            add_commit(store, "opensafely", name, files, message, author=author, at=at)
    store.set_flag("seeded", True)
