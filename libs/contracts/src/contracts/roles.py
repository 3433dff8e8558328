"""Roles and permissions, names as published (I1)."""

from typing import NamedTuple


class Role(NamedTuple):
    name: str
    label: str
    description: str
    permissions: frozenset[str]
    assignable_globally: bool
    assignable_on_projects: bool


def _role(name: str, label: str, description: str, where: str, *permissions: str) -> Role:
    return Role(name, label, description, frozenset(permissions), "U" in where, "P" in where)


_ALL = (
    _role(
        "DeploymentAdministrator",
        "Deployment Administrator",
        "Runs and cancels jobs on any project for maintenance; sees, but never changes, all of Airlock.",
        "U",
        "airlock_readonly_access",
        "job_cancel",
        "job_run",
    ),
    _role(
        "OutputChecker",
        "Output Checker",
        "Reviews outputs in the secure environment and releases the approved ones.",
        "U",
        "release_file_delete",
        "release_file_upload",
        "release_file_view",
        "unreleased_outputs_view",
    ),
    _role(
        "OutputPublisher",
        "Output Publisher",
        "Makes released outputs public when a project asks for it.",
        "U",
        "snapshot_publish",
    ),
    _role(
        "ProjectCollaborator",
        "Project Collaborator",
        "Sees the released outputs of a project, or of every project when held globally.",
        "UP",
        "release_file_view",
    ),
    _role(
        "ProjectDeveloper",
        "Project Developer",
        "Works on one project: its workspaces, runs and outputs.",
        "P",
        "job_cancel",
        "job_run",
        "project_manage",
        "release_file_view",
        "snapshot_create",
        "unreleased_outputs_view",
        "workspace_archive",
        "workspace_create",
        "workspace_toggle_notifications",
    ),
    _role(
        "ServiceAdministrator",
        "Service Administrator",
        "Sets up projects and their members for the service team; held beside Staff Area Administrator.",
        "U",
        "org_create",
        "project_create",
        "project_link_to_application",
        "user_edit_project_roles",
    ),
    _role(
        "SignOffRepoWithOutputs",
        "Sign Off Repos with Outputs",
        "Signs off repositories that hold outputs.",
        "U",
        "repo_sign_off_with_outputs",
    ),
    _role(
        "StaffAreaAdministrator",
        "Staff Area Administrator",
        "Enters the staff area and edits users, backends and organisations; must stand in the access log.",
        "U",
        "application_manage",
        "backend_manage",
        "org_create",
        "staff_area_access",
        "user_manage",
    ),
    _role(
        "TechSupport",
        "Tech Support",
        "Sees released outputs and edits project members; held beside Staff Area Administrator.",
        "U",
        "project_create",
        "release_file_view",
        "user_edit_project_roles",
    ),
)

ROLES: dict[str, Role] = {role.name: role for role in _ALL}
GLOBAL_ROLES = frozenset(role.name for role in _ALL if role.assignable_globally)
PROJECT_ROLES = frozenset(role.name for role in _ALL if role.assignable_on_projects)
PERMISSIONS = frozenset(permission for role in _ALL for permission in role.permissions)

# permission -> the roles that carry it, so that a check is one set operation
HOLDERS: dict[str, frozenset[str]] = {
    permission: frozenset(role.name for role in _ALL if permission in role.permissions)
    for permission in PERMISSIONS
}
