"""Ids and file names as Airlock sends them."""

import base64
import binascii
import re
import secrets
import time
import unicodedata

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ID = re.compile(r"[0-9A-Z]{26}")
_QUOTED = re.compile(rb'filename="(.*)"\s*(?:;.*)?$', re.DOTALL)
_BARE = re.compile(rb"filename=([^\s;]+)")


def new_ulid() -> str:
    """26 characters, in the order of time."""
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def is_release_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def filename(raw_disposition: str) -> str | None:
    """The name as sent in a base64-carried Content-Disposition: latin-1, unescaped (A42)."""
    try:
        raw = base64.b64decode(raw_disposition, validate=True)
    except (binascii.Error, ValueError):
        return None
    found = _QUOTED.search(raw) or _BARE.search(raw)
    if found is None:
        return None
    name = found[1].decode("latin-1")
    return name if name.strip() else None


def normal(name: str) -> str:
    """The form under which names are kept and compared."""
    return name.replace("\\", "/").strip()


def why_unsendable(name: str) -> str | None:
    """Airlock sends names in a header, as Latin-1 between quotation marks (A40); None when it can."""
    for character in name:
        if unicodedata.category(character) == "Cc":
            return "a control character"
        if character == '"' or ord(character) > 255:
            return character if character.isprintable() else ascii(character)
    return None


def is_safe(name: str) -> bool:
    """A relative path that stays where it is put."""
    return all(part not in {"", ".", ".."} for part in name.replace("\\", "/").split("/"))
