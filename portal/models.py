from datetime import datetime

from django.db import models


class Heartbeat(models.Model):
    """When the worker last ran a task that beat had sent."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"

    @classmethod
    def beat(cls, name: str, *, at: datetime) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": at})
