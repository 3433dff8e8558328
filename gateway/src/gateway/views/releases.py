"""A release: its facts, its files as a tree, one file beside it."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import msgspec
from clients.releases import FileRow, Release

from gateway.views.format import When, person, plural, size, when

_TREE_MOST = 500  # rows of one answer (rulings 3.7)


class Leaf(msgspec.Struct, frozen=True):
    name: str
    url: str
    size: str
    gone: bool
    waiting: bool
    current: bool


class Folder(msgspec.Struct):
    name: str
    leaves: list[Leaf] = []
    open: bool = True


class Preview(msgspec.Struct, frozen=True):
    """`kind`: table, text, image, frame, none or gone."""

    kind: str
    source: str = ""
    text: str = ""
    head: list[str] = []
    rows: list[list[str]] = []
    cut: bool = False


class ReleaseView(msgspec.Struct, frozen=True):
    id: str
    number: int
    url: str
    who: str
    backend: str
    when: When
    files: str
    reviewers: str
    workspace: str
    workspace_url: str
    waiting: int
    redacted: int


def release_view(release: Release, url: str, now: datetime) -> ReleaseView:
    at = when(release.created_at, now)
    assert at is not None
    total = sum(file.size for file in release.files)
    return ReleaseView(
        id=release.id,
        number=release.number,
        url=url,
        who=person(release.created_by.fullname, release.created_by.username),
        backend=release.backend.name,
        when=at,
        files=f"{plural(len(release.files), 'file')}, {size(total)}",
        reviewers=" and ".join(person(r.fullname, r.username) for r in release.reviewers),
        workspace=release.workspace.name,
        workspace_url=f"/{release.workspace.project_slug}/{release.workspace.name}/",
        waiting=sum(file.uploaded_at is None and file.deleted_at is None for file in release.files),
        redacted=sum(file.deleted_at is not None for file in release.files),
    )


def file_tree(files: Sequence[FileRow], base: str, current: str) -> list[Folder]:
    """Files by folder, in name order; only the folder of the current file is open in a large release."""
    folders: dict[str, Folder] = {}
    for file in files:
        folder, _, name = file.name.rpartition("/")
        here = folders.setdefault(folder, Folder(folder or "."))
        here.leaves.append(
            Leaf(
                name=name,
                url=base + quote(file.name),
                size=size(file.size),
                gone=file.deleted_at is not None,
                waiting=file.uploaded_at is None,
                current=file.name == current,
            )
        )
    if len(files) > 60:
        for each in folders.values():
            each.open = any(leaf.current for leaf in each.leaves)
            each.leaves = each.leaves[:_TREE_MOST]
    return list(folders.values())
