"""Files encrypted at rest, under names nobody can guess. None has an address: a view opens it, after asking who."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage
from django.utils.deconstruct import deconstructible

from vault import cipher


class PrivateFolder(FileSystemStorage):
    """Where sealed files lie, readable by our system user alone. A bucket takes its place by offering `replace` too."""

    def __init__(self) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700)

    @property
    def base_location(self) -> str:
        return settings.DOCUMENT_STORAGE or str(Path(settings.VAR_DIR) / "documents")

    @property
    def location(self) -> str:
        return str(Path(self.base_location).absolute())

    def replace(self, name: str, content: bytes) -> None:
        """Put new content in place of the old in one step, so that a crash leaves one of the two."""
        target = Path(self.path(name))
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".draft-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(draft).unlink()
            raise


@deconstructible(path="vault.storage.EncryptedStorage")
class EncryptedStorage(Storage):
    """Seals what it stores, bound to the file's name: a file put in the place of another does not open."""

    def __init__(self) -> None:
        self.folder = PrivateFolder()

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return a random name in the folder of the one given, which may hold personal data and is forgotten."""
        token = secrets.token_hex(16)
        return str(Path(name).parent / token[:2] / token)

    def _save(self, name: str, content: IO[Any]) -> str:
        sealed = cipher.encrypt(content.read(), bound_to=_place(name))
        return self.folder.save(name, ContentFile(sealed))

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError("A sealed file is opened for reading only: save a new one instead.")
        return File(BytesIO(cipher.decrypt(self._sealed(name), bound_to=_place(name))), name=name)

    def rotate(self, name: str) -> bool:
        """Seal a file again with the newest key, and say whether that was needed. Raises CannotDecrypt."""
        sealed = self._sealed(name)
        if not cipher.needs_rotation(sealed):
            return False
        plain = cipher.decrypt(sealed, bound_to=_place(name))
        self.folder.replace(name, cipher.encrypt(plain, bound_to=_place(name)))
        return True

    def names(self, folder: str = "") -> Iterator[str]:
        """Yield every file's name, folder by folder."""
        if not self.folder.exists(folder):
            return
        folders, files = self.folder.listdir(folder)
        yield from (str(Path(folder) / file) for file in sorted(files) if not file.startswith("."))
        for inner in sorted(folders):
            yield from self.names(str(Path(folder) / inner))

    def delete(self, name: str) -> None:
        self.folder.delete(name)

    def exists(self, name: str) -> bool:
        return self.folder.exists(name)

    def size(self, name: str) -> int:
        return self.folder.size(name) - cipher.OVERHEAD

    def url(self, name: str | None) -> str:
        raise ValueError("A sealed file has no address: open it in a view that checks who asks.")

    def _sealed(self, name: str) -> bytes:
        with self.folder.open(name) as file:
            return bytes(file.read())


def _place(name: str) -> str:
    return f"file:{name}"
