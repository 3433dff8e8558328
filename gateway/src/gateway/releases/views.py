"""A release: its facts, its files as a tree, one file beside it."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import msgspec
from clients.releases import FileRow, Release

from gateway.web.format import When, person, plural, size, when

_TREE_MOST = 500  # rows of one answer (F22)


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
    """`kind`: table, text, image, frame, none, large or gone."""

    kind: str
    source: str = ""
    text: str = ""
    head: list[str] = []
    rows: list[list[str]] = []
    cut: bool = False
    notes: list[str] = []  # what is to be known about what is shown
    next: int = 0  # the byte at which the next part begins
    before: int = 0  # rows or lines until there
    more: str = ""  # address of the next part
    first: str = ""  # address of the first


class FileList(msgspec.Struct, frozen=True):
    """Of `total` files those that `find` names, at most as many as one answer holds."""

    folders: list[Folder]
    find: str
    total: int
    found: int
    left_out: int


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
    complete: bool
    waiting: int
    redacted: int
    download: str  # words of its button
    not_included: str


def release_view(release: Release, url: str, now: datetime) -> ReleaseView:
    at = when(release.created_at, now)
    assert at is not None
    total = sum(file.size for file in release.files)
    waiting = sum(file.uploaded_at is None and file.deleted_at is None for file in release.files)
    redacted = sum(file.deleted_at is not None for file in release.files)
    here = len(release.files) - waiting - redacted
    absent = [f"{n} {word}" for n, word in ((waiting, "not uploaded yet"), (redacted, "redacted")) if n]
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
        complete=release.completed_at is not None,
        waiting=waiting,
        redacted=redacted,
        download=f"Download {here} of {plural(len(release.files), 'file')}" if absent else "Download all",
        not_included=f"{' and '.join(absent)}: listed in NOT-INCLUDED.txt" if absent else "",
    )


def file_list(files: Sequence[FileRow], base: str, current: str, find: str) -> FileList:
    """Files by folder, in name order; only the folder of the current file is open in a large release."""
    found = [file for file in files if find.casefold() in file.name.casefold()]
    query = f"?find={quote(find)}" if find else ""
    folders: dict[str, Folder] = {}
    for file in found[:_TREE_MOST]:
        folder, _, name = file.name.rpartition("/")
        here = folders.setdefault(folder, Folder(folder or "."))
        here.leaves.append(
            Leaf(
                name=name,
                url=f"{base}{quote(file.name)}{query}#file",
                size=size(file.size),
                gone=file.deleted_at is not None,
                waiting=file.uploaded_at is None,
                current=file.name == current,
            )
        )
    if len(found) > 60:
        for each in folders.values():
            each.open = any(leaf.current for leaf in each.leaves)
    left_out = max(0, len(found) - _TREE_MOST)
    return FileList(list(folders.values()), find, len(files), len(found), left_out)
