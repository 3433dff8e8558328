"""Ids and file names as Airlock sends them."""

import base64
import binascii
import re
import secrets
import time

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
    """The name in a base64-carried Content-Disposition: latin-1, unescaped (wire-observed §2 gotcha 7)."""
    try:
        raw = base64.b64decode(raw_disposition, validate=True)
    except (binascii.Error, ValueError):
        return None
    found = _QUOTED.search(raw) or _BARE.search(raw)
    if found is None:
        return None
    return found[1].decode("latin-1").replace("\\", "/").strip() or None


def is_safe(name: str) -> bool:
    """A relative path that stays where it is put, without control characters."""
    parts = name.replace("\\", "/").split("/")
    harmless = all(ord(character) >= 32 and ord(character) != 127 for character in name)
    return (
        harmless and bool(name) and not name.startswith("/") and all(p not in {"", ".", ".."} for p in parts)
    )
