"""The cache that allauth counts in: rows in PostgreSQL, because a limit counts only if all processes share it.

Unlike Django's own database cache it unpickles nothing, and its keys say nothing of a person.
"""

from datetime import datetime, timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.utils import timezone

from vault import cipher

FOREVER = timedelta(days=365)


class SharedCache(BaseCache):
    """Keeps what JSON can say."""

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        row = self._rows.filter(pk=self._name(key, version), expires_at__gt=timezone.now()).first()
        return row.value if row else default

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        fields = {"value": value, "expires_at": self._end(timeout)}
        self._rows.update_or_create(pk=self._name(key, version), defaults=fields)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep a value where none is kept, and say whether that was so."""
        self._rows.filter(expires_at__lte=timezone.now()).delete()
        fields = {"value": value, "expires_at": self._end(timeout)}
        _, is_new = self._rows.get_or_create(pk=self._name(key, version), defaults=fields)
        return bool(is_new)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._rows.filter(pk=self._name(key, version)).delete()[0])

    def clear(self) -> None:
        self._rows.all().delete()

    @property
    def _rows(self) -> Any:
        from people.models import Kept  # a cache is made before there are models

        return Kept.objects

    def _name(self, key: Any, version: int | None) -> str:
        return cipher.keyed_hash(self.make_key(key, version), purpose="cache")

    def _end(self, timeout: Any) -> datetime:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return timezone.now() + (FOREVER if seconds is None else timedelta(seconds=seconds))
