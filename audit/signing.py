"""Signs what leaves the portal, so that somebody without its keys can verify it: Ed25519, from AUDIT_KEY."""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from audit.keys import derived


@dataclass(frozen=True)
class SigningKey:
    private: Ed25519PrivateKey

    @classmethod
    def from_text(cls, text: str) -> "SigningKey":
        return cls(Ed25519PrivateKey.from_private_bytes(derived(text, use="signature")))

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """Return what people compare: the SHA-256 of the public key."""
        return hashlib.sha256(self.public).hexdigest()

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


def signing_keys() -> list[SigningKey]:
    """Return the key that signs, and then those that signed before it."""
    return [SigningKey.from_text(text) for text in (settings.AUDIT_KEY, *settings.AUDIT_KEY_PREVIOUS)]
