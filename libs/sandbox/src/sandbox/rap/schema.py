"""The first fault of a body, in the words of the real program (RAP5)."""

import re
from typing import Any

_RAP_ID = re.compile(r"^[a-z0-9]{16}$")
_COMMIT = re.compile(r"^[0-9a-f]{40}$")
_WORKSPACE = re.compile(r"[a-zA-Z0-9_-]+")
_TEXTS = ("backend", "workspace", "repo_url", "branch", "created_by", "project")
_REQUIRED = (
    "backend rap_id workspace repo_url branch commit database_name requested_actions codelists_ok "
    "force_run_dependencies created_by project orgs"
).split()
_SCOPE = {
    "dataset_permissions": (
        "appointments icnarc isaric open_prompt ukrr waiting_list sgss_covid_all_tests "
        "occupation_on_covid_vaccine_record covid_therapeutics"
    ).split(),
    "population_permissions": ["include_ndoo", "include_t1oo", "include_gp_unactivated"],
    "component_access": ["event_level_data"],
}


def _missing(body: Any, names: tuple[str, ...] | list[str]) -> str | None:
    if not isinstance(body, dict):
        return f": {body!r} is not of type 'object'"
    for name in names:
        if name not in body:
            return f": '{name}' is a required property"
    return None


def _at(path: str, message: str) -> str:
    return f" at $.{path}: {message}"


def create_fault(body: Any) -> str | None:
    if fault := _missing(body, _REQUIRED):
        return fault
    if not isinstance(body["rap_id"], str) or not _RAP_ID.match(body["rap_id"]):
        return _at("rap_id", f"{body['rap_id']!r} does not match '^[a-z0-9]{{16}}$'")
    for name in _TEXTS:
        if not isinstance(body[name], str):
            return _at(name, f"{body[name]!r} is not of type 'string'")
    if not _WORKSPACE.search(body["workspace"]):
        return _at("workspace", f"{body['workspace']!r} does not match '[a-zA-Z0-9_-]+'")
    if not isinstance(body["commit"], str):
        return _at("commit", f"{body['commit']!r} is not of type 'string'")
    if not _COMMIT.match(body["commit"]):
        return _at("commit", f"{body['commit']!r} does not match '^[0-9a-f]{{40}}$'")
    if body["database_name"] != "default":
        return _at("database_name", f"{body['database_name']!r} is not one of ['default']")
    if not isinstance(body["requested_actions"], list):
        return _at("requested_actions", f"{body['requested_actions']!r} is not of type 'array'")
    if not body["requested_actions"]:
        return _at("requested_actions", "[] should be non-empty")
    for name in ("codelists_ok", "force_run_dependencies"):
        if not isinstance(body[name], bool):
            return _at(name, f"{body[name]!r} is not of type 'boolean'")
    if not isinstance(body["orgs"], list):
        return _at("orgs", f"{body['orgs']!r} is not of type 'array'")
    return _scope_fault(body)


def _scope_fault(body: dict[str, Any]) -> str | None:
    if "analysis_scope" not in body:
        return None
    scope = body["analysis_scope"]
    if not isinstance(scope, dict):
        return _at("analysis_scope", f"{scope!r} is not of type 'object'")
    for name, allowed in _SCOPE.items():
        values = scope.get(name, [])
        if not isinstance(values, list):
            return _at(f"analysis_scope.{name}", f"{values!r} is not of type 'array'")
        for index, value in enumerate(values):
            if value not in allowed:
                return _at(f"analysis_scope.{name}[{index}]", f"{value!r} is not one of {allowed!r}")
    return None


def status_fault(body: Any) -> str | None:
    if fault := _missing(body, ("rap_ids",)):
        return fault
    if not isinstance(body["rap_ids"], list):
        return _at("rap_ids", f"{body['rap_ids']!r} is not of type 'array'")
    for index, value in enumerate(body["rap_ids"]):
        if not isinstance(value, str) or not _RAP_ID.match(value):
            return _at(f"rap_ids[{index}]", f"{value!r} does not match '^[a-z0-9]{{16}}$'")
    return None


def cancel_fault(body: Any) -> str | None:
    if fault := _missing(body, ("rap_id", "actions")):
        return fault
    if not isinstance(body["rap_id"], str) or not _RAP_ID.match(body["rap_id"]):
        return _at("rap_id", f"{body['rap_id']!r} does not match '^[a-z0-9]{{16}}$'")
    if not isinstance(body["actions"], list):
        return _at("actions", f"{body['actions']!r} is not of type 'array'")
    if not body["actions"]:
        return _at("actions", "[] should be non-empty")
    return None
