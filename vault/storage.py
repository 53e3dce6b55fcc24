"""Files encrypted at rest, under names nobody can guess. None has an address: a view opens it, after asking who."""

import secrets
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible

from vault import cipher
from vault.stores import Store, StoredFile, present_store


@deconstructible(path="vault.storage.EncryptedStorage")
class EncryptedStorage(Storage):
    """Seals what it stores, bound to the file's name: a file put in the place of another does not open.

    Every method raises StoreAway where the store gives no answer.
    """

    @property
    def store(self) -> Store:
        return present_store()

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return a random name in the folder of the one given, which may hold personal data and is forgotten."""
        token = secrets.token_hex(16)
        return str(Path(name).parent / token[:2] / token)

    def _save(self, name: str, content: IO[Any]) -> str:
        sealed = cipher.encrypt(content.read(), bound_to=_place(name))
        return self.store.save(name, ContentFile(sealed))

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError("A sealed file is opened for reading only: save a new one instead.")
        return File(BytesIO(cipher.decrypt(self._sealed(name), bound_to=_place(name))), name=name)

    def rotate(self, name: str) -> bool:
        """Seal a file again with the newest key, and say whether that was needed. Raises CannotDecrypt."""

        def again(sealed: bytes) -> bytes | None:
            if not cipher.needs_rotation(sealed):
                return None
            return cipher.encrypt(cipher.decrypt(sealed, bound_to=_place(name)), bound_to=_place(name))

        return self.store.rewrite(name, again)

    def names(self) -> Iterator[str]:
        """Yield every file's name."""
        return (file.name for file in self.files() if not file.is_unfinished)

    def files(self) -> Iterator[StoredFile]:
        """Yield every file, and what a crash left unfinished."""
        return self.store.files()

    def delete(self, name: str) -> None:
        self.store.delete(name)

    def exists(self, name: str) -> bool:
        return self.store.exists(name)

    def size(self, name: str) -> int:
        return self.store.size(name) - cipher.OVERHEAD

    def url(self, name: str | None) -> str:
        raise ValueError("A sealed file has no address: open it in a view that checks who asks.")

    def _sealed(self, name: str) -> bytes:
        with self.store.open(name) as file:
            return bytes(file.read())


def _place(name: str) -> str:
    return f"file:{name}"
