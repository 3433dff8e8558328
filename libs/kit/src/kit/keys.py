"""Ed25519 key pairs as base64url text, for settings."""

import base64
import secrets

from contracts.catalogue import SERVICES
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def new_pair() -> tuple[str, str]:
    """(private, public), 32 bytes each."""
    private = Ed25519PrivateKey.generate()
    return _text(private.private_bytes_raw()), _text(private.public_key().public_bytes_raw())


def private_key(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(text))


def public_key(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(text))


def main() -> None:
    """`python -m kit.keys >> .env`: every secret that docker-compose.yml asks for, new."""
    names = (*SERVICES, "gateway")
    pairs = {name: new_pair() for name in names}
    # Passwords stand in URLs and in a NATS configuration: letters and digits, a letter first.
    passwords = ["POSTGRES_PASSWORD"]
    passwords += [f"{service}_{kind}_PASSWORD" for service in SERVICES for kind in ("DATABASE", "OWNER")]
    passwords += [f"NATS_{user}_PASSWORD" for user in (*names, "admin")]
    lines = {name.upper(): f"p{secrets.token_hex(20)}" for name in passwords}
    lines |= {f"{name.upper()}_SIGNING_KEY": private for name, (private, _) in pairs.items()}
    lines["VERIFY_KEYS"] = ",".join(f"{name}={public}" for name, (_, public) in pairs.items())
    lines |= {"SECRET_KEY": secrets.token_urlsafe(32), "TOKEN_KEYS": f"k1={secrets.token_urlsafe(32)}"}
    print("\n".join(f"{name}={value}" for name, value in lines.items()))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


if __name__ == "__main__":
    main()
