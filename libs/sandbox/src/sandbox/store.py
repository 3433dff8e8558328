"""Everything the stand-ins know, in one SQLite file, written before they answer: kill -9 loses nothing."""

import json
import sqlite3
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists repos (owner text, name text, topics text default '[]',
  primary key (owner, name));
create table if not exists commits (owner text, name text, sha text, branch text, n integer, message text,
  author text, at text, files text,
  primary key (owner, name, sha));
create table if not exists accounts (login text primary key collate nocase, uid integer, name text,
  email text);
create table if not exists oauth_codes (code text primary key, login text, challenge text, redirect_uri text);
create table if not exists oauth_tokens (token text primary key, login text);
create table if not exists labels (owner text, name text, label text, primary key (owner, name, label));
create table if not exists issues (id integer primary key, owner text, name text, number integer, title text,
  body text, state text default 'open', labels text default '[]');
create table if not exists comments (id integer primary key, issue_id integer, body text);
create table if not exists slack (id integer primary key, channel text, text text, at text, key text unique);
create table if not exists mails (id integer primary key, message_id text unique, sender text, recipient text,
  subject text, raw blob, at text);
create table if not exists raps (rap_id text primary key, backend text, workspace text, repo_url text,
  sha text, body text, at real);
create table if not exists jobs (identifier text primary key, rap_id text, backend text, workspace text,
  action text, run text, needs text, requires_db integer, created real, updated real, started real,
  completed real, status text, code text, message text, cancelled integer default 0, phase real default 0,
  n integer);
create index if not exists jobs_rap on jobs (rap_id);
create index if not exists jobs_live on jobs (status);
create table if not exists flags (key text primary key, value text);
"""


class Store:
    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")  # survives the process's death, not the machine's
        self._db.executescript(_SCHEMA)

    def all(self, sql: str, *args: Any) -> list[sqlite3.Row]:
        return self._db.execute(sql, args).fetchall()

    def one(self, sql: str, *args: Any) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.execute(sql, args).fetchone()
        return row

    def run(self, sql: str, *args: Any) -> int:
        """The id of the row it inserted, if it did."""
        return int(self._db.execute(sql, args).lastrowid or 0)

    def many(self, sql: str, rows: list[tuple[Any, ...]]) -> None:
        """All or nothing."""
        with self._db:
            self._db.execute("begin")
            self._db.executemany(sql, rows)

    def flag(self, key: str, default: Any = None) -> Any:
        row = self.one("select value from flags where key = ?", key)
        return default if row is None else json.loads(row["value"])

    def set_flag(self, key: str, value: Any) -> None:
        self.run("insert or replace into flags values (?, ?)", key, json.dumps(value))

    def close(self) -> None:
        self._db.close()
