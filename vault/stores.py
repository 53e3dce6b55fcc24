"""Where sealed files lie: a folder of this machine, or a bucket of an S3-compatible store.

Neither knows what it holds: `vault.storage` seals before it gives a file away and opens what it gets back.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

SCHEME = "s3://"
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
FOLDERS = re.compile(r"[\w.-]+(/[\w.-]+)*", re.ASCII)
UNFINISHED = ".draft-"

Change = Callable[[bytes], bytes | None]


class StoreAway(Exception):  # noqa: N818 - says what happened
    """The store gave no usable answer; the message is the sentence people read."""

    def __init__(self) -> None:
        super().__init__("The store for documents does not answer. Keep this page open and try again in a minute.")


@dataclass(frozen=True)
class StoredFile:
    name: str
    changed_at: datetime

    @property
    def is_unfinished(self) -> bool:
        return Path(self.name).name.startswith(UNFINISHED)


class Store(Protocol):
    """Every method raises StoreAway where the store gives no answer, and reading a missing file FileNotFoundError."""

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str: ...
    def open(self, name: str, mode: str = "rb") -> "File[bytes]": ...
    def delete(self, name: str) -> None: ...
    def exists(self, name: str) -> bool: ...
    def size(self, name: str) -> int: ...

    def rewrite(self, name: str, change: Change) -> bool:
        """Put what `change` makes of a file in its place in one step, unless that is None. Says whether it did.

        A file that was deleted meanwhile stays away.
        """

    def files(self) -> Iterator[StoredFile]:
        """Yield every file, and what a crash left unfinished."""


@dataclass(frozen=True)
class BucketAddress:
    bucket: str
    folder: str

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read `s3://bucket/folder`. Raises ValueError, which says what is wrong with it."""
        parts = urlsplit(text)
        if parts.scheme != "s3":
            raise ValueError("names a store that is not supported")
        if parts.query or parts.fragment or not BUCKET.fullmatch(parts.netloc) or ".." in parts.netloc:
            raise ValueError("names no bucket")
        folder = parts.path.strip("/")
        if folder and (not FOLDERS.fullmatch(folder) or {".", ".."} & set(folder.split("/"))):
            raise ValueError("names a folder of the bucket that is no plain path")
        return cls(bucket=parts.netloc, folder=folder)


def present_store() -> Store:
    """Return what `DOCUMENT_STORAGE` names."""
    if not settings.DOCUMENT_STORAGE.startswith(SCHEME):
        return PrivateFolder()
    return bucket_at(settings.DOCUMENT_STORAGE, settings.DOCUMENT_STORAGE_ENDPOINT)


@lru_cache(maxsize=4)
def bucket_at(address: str, endpoint: str) -> Store:
    from vault.buckets import PrivateBucket  # boto3 takes its time, and most never need it

    return PrivateBucket(BucketAddress.from_text(address), endpoint=endpoint)


class PrivateFolder(FileSystemStorage):
    """A folder readable by our system user alone."""

    def __init__(self) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700)

    @property
    def base_location(self) -> str:
        return settings.DOCUMENT_STORAGE or str(Path(settings.VAR_DIR) / "documents")

    @property
    def location(self) -> str:
        return str(Path(self.base_location).absolute())

    def rewrite(self, name: str, change: Change) -> bool:
        target = Path(self.path(name))
        content = change(target.read_bytes())
        if content is None:
            return False
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=UNFINISHED)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            target.stat()
            Path(draft).replace(target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(draft).unlink()
            raise
        return True

    def files(self) -> Iterator[StoredFile]:
        return self._files("")

    def _files(self, folder: str) -> Iterator[StoredFile]:
        if not self.exists(folder):
            return
        folders, files = self.listdir(folder)
        for name in (str(Path(folder) / file) for file in sorted(files)):
            with contextlib.suppress(FileNotFoundError):  # deleted while we were at it
                yield StoredFile(name, self.get_modified_time(name))
        for inner in sorted(folders):
            yield from self._files(str(Path(folder) / inner))
