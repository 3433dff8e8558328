"""Tables of the projects service."""

from datetime import datetime

from contracts.projects import ProjectState, WorkspaceState
from messaging import tables
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

NOW = text("now()")
STATUSES = (
    "ongoing",
    "postponed",
    "retired",
    "ongoing-and-linked",
    "completed-and-linked",
    "completed-and-awaiting",
)
NUMBER = r"^([1-9][0-9]*|POS-20[0-9]{2}-[1-9][0-9]{3})$"


class Base(tables.Base):
    __abstract__ = True
    metadata = tables.metadata()


class Project(Base):
    __tablename__ = "projects"
    __table_args__ = (
        CheckConstraint("slug ~ '^[-a-zA-Z0-9_]+$'", name="slug"),
        CheckConstraint(f"number ~ '{NUMBER}'", name="number"),
        CheckConstraint("status IN (" + ", ".join(f"'{s}'" for s in STATUSES) + ")", name="status"),
        Index(
            "ix_projects_name_trgm", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(unique=True)
    number: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(default="ongoing")
    copilot_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    created_by: Mapped[str]
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))

    def state(self, org_ids: list[int]) -> ProjectState:
        return ProjectState(
            id=self.id,
            version=self.version,
            slug=self.slug,
            name=self.name,
            number=self.number,
            status=self.status,
            copilot_id=self.copilot_id,
            org_ids=org_ids,
        )


class Collaboration(Base):
    """Which organisations a project belongs to; at most one leads."""

    __tablename__ = "project_collaborations"
    __table_args__ = (
        UniqueConstraint("project_id", "org_id"),
        Index("uq_project_collaborations_lead", "project_id", unique=True, postgresql_where=text("is_lead")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    org_id: Mapped[int] = mapped_column(index=True)
    is_lead: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    created_by: Mapped[str]


class Repo(Base):
    __tablename__ = "repos"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    url: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)


class Workspace(Base):
    """Its name is unique in the whole system, lower case, and never changes (P8)."""

    __tablename__ = "workspaces"
    __table_args__ = (
        CheckConstraint("name ~ '^[-a-z0-9_]+$'", name="name"),
        Index("uq_workspaces_lower_name", text("lower(name)"), unique=True),
        Index(
            "ix_workspaces_name_trgm", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}
        ),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    repo_id: Mapped[int] = mapped_column(ForeignKey("repos.id"), index=True)
    branch: Mapped[str]
    purpose: Mapped[str] = mapped_column(default="")
    is_archived: Mapped[bool] = mapped_column(default=False)
    should_notify: Mapped[bool] = mapped_column(default=False)
    uses_new_release_flow: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    created_by: Mapped[str]
    created_by_id: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))

    def state(self, repo_url: str) -> WorkspaceState:
        return WorkspaceState(
            id=self.id,
            version=self.version,
            name=self.name,
            project_id=self.project_id,
            repo_url=repo_url,
            branch=self.branch,
            is_archived=self.is_archived,
            should_notify=self.should_notify,
            created_by_id=self.created_by_id,
        )


class KnownUser(Base):
    __tablename__ = "known_users"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    username: Mapped[str] = mapped_column(index=True)
    fullname: Mapped[str]


class KnownOrg(Base):
    __tablename__ = "known_orgs"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    slug: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    github_orgs: Mapped[list[str]] = mapped_column(ARRAY(Text))
