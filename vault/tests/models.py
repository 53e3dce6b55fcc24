"""Models of the tests alone, in a registry of their own, so that nothing that walks the portal's models meets them."""

from typing import ClassVar
from uuid import uuid4

from django.apps.registry import Apps
from django.db import models

from vault.fields import EncryptedJSONField, EncryptedTextField, KeyedHashField
from vault.storage import EncryptedStorage

registry = Apps(["vault"])


def without_spaces(value: str) -> str:
    return value.replace(" ", "").upper()


class Paper(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4)
    label = models.CharField(max_length=40, blank=True)
    number = EncryptedTextField(null=True, blank=True, max_length=20)
    number_hash = KeyedHashField(of="number", purpose="paper number", normalise=without_spaces)
    remark = EncryptedTextField(default="", blank=True)
    facts = EncryptedJSONField(default=dict, blank=True)
    file = models.FileField(storage=EncryptedStorage, upload_to="papers/")

    objects: ClassVar["models.Manager[Paper]"] = models.Manager()

    class Meta:
        app_label = "vault"
        apps = registry

    def __str__(self) -> str:
        return self.label


class Letter(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4)
    number = EncryptedTextField()

    objects: ClassVar["models.Manager[Letter]"] = models.Manager()

    class Meta:
        app_label = "vault"
        apps = registry

    def __str__(self) -> str:
        return str(self.pk)


class Counted(models.Model):
    """Gets its key from the database, too late to bind anything to it."""

    id = models.BigAutoField(primary_key=True)
    number = EncryptedTextField()

    objects: ClassVar["models.Manager[Counted]"] = models.Manager()

    class Meta:
        app_label = "vault"
        apps = registry

    def __str__(self) -> str:
        return str(self.pk)
