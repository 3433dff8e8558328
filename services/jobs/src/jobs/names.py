"""What people call a backend, organisation, project, workspace or person, and what there is to choose.

A filter that equals a slug, a username or a whole name means exactly that; otherwise every name that has the
text in it is meant.
"""

from typing import Any

from kit.db import Database, contains
from kit.errors import NotFound

_MEANT = 100  # names that a text may stand for
_WHOLE = 200  # that can be chosen from a list; of more one is looked up
_FOUND = 20

# (key, slug, name) of each kind. Names of people who never asked for a run are not for everybody.
_KINDS = {
    "backend": "select slug as key, slug, name from known_backends",
    "org": "select id as key, slug, name from known_orgs",
    "project": "select id as key, slug, name from known_projects",
    "workspace": "select name as key, name as slug, name from known_workspaces",
    "person": """select id as key, username as slug, fullname as name from known_users u
      where exists (select from job_requests r where r.created_by_id = u.id)""",
}
_LISTS = {
    "backend": "backends",
    "org": "orgs",
    "project": "projects",
    "workspace": "workspaces",
    "person": "people",
}

_CHOICES = "select json_build_object({})::text".format(
    ", ".join(
        f"""'{name}', (select case when count(*) <= {_WHOLE} then coalesce(json_agg(json_build_object(
          'value', slug, 'label', name) order by lower(name), slug), '[]') end
          from ({_KINDS[kind]} limit {_WHOLE + 1}) x)"""
        for kind, name in _LISTS.items()
    )
)


async def meant(database: Database, kind: str, text: str) -> list[Any]:
    """Keys of what is meant: ids, or slugs of backends and names of workspaces."""
    exact = await database.fetch(f"select key from ({_KINDS[kind]}) x where slug = $1", text)
    if exact:
        return [row["key"] for row in exact]
    found = await database.fetch(
        f"""select key, lower(slug) = lower($2) or lower(name) = lower($2) as whole from ({_KINDS[kind]}) x
          where slug ilike $1 or name ilike $1 order by whole desc, lower(name), slug limit {_MEANT}""",
        contains(text),
        text,
    )
    return [row["key"] for row in found if row["whole"] or not found[0]["whole"]]


async def choices(database: Database) -> str:
    """Of each kind all there is, or null where that is too much for a list."""
    return str(await database.fetchval(_CHOICES))


async def find(database: Database, kind: str, text: str) -> str:
    """Those with the text in their name: equal ones first, then those that begin with it. Raises NotFound."""
    if kind not in _KINDS:
        raise NotFound("There is no such kind of choice.")
    sql = f"""
    select coalesce(json_agg(json_build_object('value', slug, 'label', name)), '[]')::text
    from (select slug, name from ({_KINDS[kind]}) k where slug ilike $1 or name ilike $1
      order by (lower(slug) = $2 or lower(name) = $2) desc,
        (starts_with(lower(slug), $2) or starts_with(lower(name), $2)) desc, lower(name), slug
      limit {_FOUND}) x"""
    return str(await database.fetchval(sql, contains(text), text.lower()))
