from datetime import datetime, timedelta

from django.db import models

from people import captured as captured
from people.approvals import Approval as Approval
from people.approvals import FourEyes as FourEyes

LOCKED_FOR = timedelta(minutes=15)


class Attempts(models.Model):
    """How often a name or an address was tried in a row. The key is a keyed hash: the row says of nobody who it was."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.count} attempts until {self.last_at}"

    @property
    def ends_at(self) -> datetime:
        """Return when these attempts are forgotten, and a lock they led to is over."""
        return self.last_at + LOCKED_FOR


class Kept(models.Model):
    """A value of the cache, which all processes share: see `people.cache`."""

    key = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"until {self.expires_at}"
