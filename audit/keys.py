"""The keys of the seal, made from AUDIT_KEY. None of them stands in the database.

`AUDIT_KEY` seals; the keys in `AUDIT_KEY_PREVIOUS` verify what was sealed before. A key is named in a seal by its id.
"""

import hmac
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@dataclass(frozen=True)
class AuditKey:
    id: str
    rows: bytes
    chain: bytes

    @classmethod
    def from_text(cls, text: str) -> "AuditKey":
        return cls(
            id=derived(text, use="id")[:4].hex(), rows=derived(text, use="rows"), chain=derived(text, use="chain")
        )

    def digest_of_row(self, content: bytes) -> bytes:
        """Return what stands for a row in its seal; keyed, so that nobody can guess at what was recorded."""
        return hmac.digest(self.rows, content, "sha256")

    def link(self, previous: bytes, content: bytes) -> bytes:
        """Return the seal's own proof, which no seal after it holds without this one."""
        return hmac.digest(self.chain, previous + content, "sha256")


def newest_key() -> AuditKey:
    return _derive(settings.AUDIT_KEY)


def keys_by_id() -> dict[str, AuditKey]:
    keys = [_derive(text) for text in (settings.AUDIT_KEY, *settings.AUDIT_KEY_PREVIOUS)]
    return {key.id: key for key in keys}


def derived(text: str, *, use: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"audit {use}".encode()).derive(text.encode())


@lru_cache(maxsize=16)
def _derive(text: str) -> AuditKey:
    return AuditKey.from_text(text)
