from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, register

from vault.cipher import decode_key
from vault.stores import BucketAddress

HINT = "Give 32 random bytes in URL-safe base64, the newest key first, separated by commas."


@register()
def data_keys_are_usable(**_: Any) -> list[Error]:
    """Better no start than customers whose papers cannot be sealed."""
    if not settings.DATA_KEYS:
        return [Error("DATA_KEYS holds no key.", hint=HINT, id="vault.E001")]
    faults = [(number, _fault(text)) for number, text in enumerate(settings.DATA_KEYS, start=1)]
    errors = [
        Error(f"Key {number} of DATA_KEYS {fault}.", hint=HINT, id="vault.E002") for number, fault in faults if fault
    ]
    if len(set(settings.DATA_KEYS)) < len(settings.DATA_KEYS):
        errors.append(Error("DATA_KEYS holds a key twice.", hint="Keep each key once.", id="vault.E003"))
    return errors


@register()
def document_storage_is_usable(**_: Any) -> list[Error]:
    """A bucket's address taken for a folder would put documents into a folder of that name."""
    if "://" not in settings.DOCUMENT_STORAGE:
        return []
    try:
        BucketAddress.from_text(settings.DOCUMENT_STORAGE)
    except ValueError as fault:
        hint = "Give s3://bucket/folder, the path of a folder, or nothing for the one under VAR_DIR."
        return [Error(f"DOCUMENT_STORAGE {fault}.", hint=hint, id="vault.E004")]
    return []


@register()
def endpoint_is_an_address(**_: Any) -> list[Error]:
    parts = urlsplit(settings.DOCUMENT_STORAGE_ENDPOINT)
    if not settings.DOCUMENT_STORAGE_ENDPOINT or (parts.scheme in ("http", "https") and parts.hostname):
        return []
    hint = "Give the store's address, such as https://s3.example.com, or leave it unset for Amazon's."
    return [Error("AWS_ENDPOINT_URL_S3 is no address.", hint=hint, id="vault.E005")]


def _fault(text: str) -> str:
    try:
        decode_key(text)
    except ValueError as fault:
        return str(fault)
    return ""
