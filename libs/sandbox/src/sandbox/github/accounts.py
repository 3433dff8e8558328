"""GitHub accounts: any name may log in, and keeps its uid."""

import hashlib
from typing import Any

from sandbox.store import Store

DEMO = {
    "ada": "Ada Okafor",
    "rosa": "Rosa Marsh",
    "ravi": "Ravi Menon",
    "cleo": "Cleo Laurent",
    "otis": "Otis Brandt",
    "olga": "Olga Petrov",
    "petra": "Petra Lindqvist",
    "dana": "Dana Whitfield",
    "newton": "Newton Achebe",
}


def account(store: Store, login: str) -> dict[str, Any]:
    """The account of that login, made on first sight with a uid that follows from its name."""
    row = store.one("select * from accounts where login = ?", login)
    if row is None:
        uid = int(hashlib.sha256(login.lower().encode()).hexdigest()[:7], 16) + 1000
        name = DEMO.get(login.lower()) or ("" if login == "noname" else login.replace("-", " ").title())
        email = f"{login.lower()}@example.org"
        store.run("insert or ignore into accounts values (?, ?, ?, ?)", login, uid, name, email)
        row = store.one("select * from accounts where login = ?", login)
        assert row is not None
    return {"login": row["login"], "id": row["uid"], "name": row["name"] or None, "email": row["email"]}
