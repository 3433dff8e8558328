"""Who is asking: the signed statement that travels between processes (docs/architecture.md)."""

import msgspec


class Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one person. `projects` maps a role to the ids of the projects where it is held."""

    user_id: int
    username: str
    name: str = ""
    roles: list[str] = []
    projects: dict[str, list[int]] = {}
    memberships: list[int] = []  # every membership, also those without a role
    backends: list[str] = []
    orgs: list[int] = []
    github: bool = True  # has a GitHub identity


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`kind` is anonymous, session, pat, backend, service or failed; nothing here changes per request.

    failed: a credential was sent and is wrong; `reason` is missing, empty, invalid_token or unknown_user,
    so that the owning service can answer in its own order and words (A4).
    """

    iss: str
    exp: int
    kind: str
    user: Claims | None = None
    backend: str | None = None
    acting: Claims | None = None  # the OS-User a backend names, when such a user exists
    reason: str | None = None
