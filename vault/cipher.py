"""Seals bytes with AES-256-GCM under the keys in `settings.DATA_KEYS`, newest first.

A sealed value is: version (1 byte), key id (4), nonce (12), ciphertext with its tag. It is bound to a place, such as a
table, row and column: the same bytes in another place do not open.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

VERSION = b"\x01"
KEY_ID_LENGTH = 4
NONCE_LENGTH = 12
KEY_LENGTH = 32
HEADER_LENGTH = len(VERSION) + KEY_ID_LENGTH
OVERHEAD = HEADER_LENGTH + NONCE_LENGTH + 16  # bytes a sealed value is longer than the plain one


class CannotDecrypt(Exception):  # noqa: N818 - says what happened
    """The value was changed, moved from its place, or sealed with a key we no longer have."""


@dataclass(frozen=True)
class DataKey:
    id: bytes
    encryption: AESGCM
    hashing: bytes

    @classmethod
    def from_text(cls, text: str) -> Self:
        secret = decode_key(text)
        return cls(
            id=hashlib.sha256(secret).digest()[:KEY_ID_LENGTH],
            encryption=AESGCM(_subkey(secret, use="encryption")),
            hashing=_subkey(secret, use="hashing"),
        )


def decode_key(text: str) -> bytes:
    """Return the 32 bytes of a key. Raises ValueError, which never quotes the key."""
    try:
        secret = base64.b64decode(text, altchars=b"-_", validate=True)
    except ValueError:
        raise ValueError("is not URL-safe base64") from None
    if len(secret) != KEY_LENGTH:
        raise ValueError(f"is {len(secret)} bytes long instead of {KEY_LENGTH}")
    return secret


def encrypt(plain: bytes, *, bound_to: str) -> bytes:
    key = _keys()[0]
    # A random nonce is safe for some four billion values under one key: rotate long before.
    nonce = secrets.token_bytes(NONCE_LENGTH)
    return VERSION + key.id + nonce + key.encryption.encrypt(nonce, plain, bound_to.encode())


def decrypt(sealed: bytes, *, bound_to: str) -> bytes:
    """Open a value sealed by any key we still have. Raises CannotDecrypt."""
    key = _key_of(sealed)
    nonce, ciphertext = sealed[HEADER_LENGTH:][:NONCE_LENGTH], sealed[HEADER_LENGTH + NONCE_LENGTH :]
    try:
        return key.encryption.decrypt(nonce, ciphertext, bound_to.encode())
    except (InvalidTag, ValueError):
        raise CannotDecrypt("The value was changed or belongs to another place.") from None


def needs_rotation(sealed: bytes) -> bool:
    return sealed[:HEADER_LENGTH] != VERSION + _keys()[0].id


def keyed_hash(value: str, *, purpose: str) -> str:
    """Return what stands in a search column for `value`, which the caller has normalised."""
    return _hash(_keys()[0], value, purpose)


def keyed_hashes(value: str, *, purpose: str) -> list[str]:
    """Return the hash under each key, for an `__in` search that also finds rows written before a rotation."""
    return [_hash(key, value, purpose) for key in _keys()]


def _hash(key: DataKey, value: str, purpose: str) -> str:
    return hmac.new(key.hashing, f"{purpose}\0{value}".encode(), hashlib.sha256).hexdigest()


def _key_of(sealed: bytes) -> DataKey:
    header = sealed[:HEADER_LENGTH]
    for key in _keys():
        if header == VERSION + key.id:
            return key
    raise CannotDecrypt("The value was sealed with a key that is not in DATA_KEYS.")


def _keys() -> tuple[DataKey, ...]:
    return _derive(tuple(settings.DATA_KEYS))


@lru_cache(maxsize=8)
def _derive(texts: tuple[str, ...]) -> tuple[DataKey, ...]:
    if not texts:
        raise ImproperlyConfigured("DATA_KEYS holds no key.")
    return tuple(DataKey.from_text(text) for text in texts)


def _subkey(secret: bytes, *, use: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_LENGTH, salt=None, info=f"vault {use}".encode()).derive(secret)
