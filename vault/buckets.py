"""Sealed files in a bucket of an S3-compatible store. Imports boto3: `vault.stores` imports it when needed."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

from vault.stores import BucketAddress, Change, StoreAway, StoredFile

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT, READ_TIMEOUT = 2, 5  # seconds; a person waits for the page
TRIES = 2
GONE = {"404", "NoSuchKey"}
TAKEN = {"412", "PreconditionFailed", "ConditionalRequestConflict"}

LIMITS = Config(
    connect_timeout=CONNECT_TIMEOUT,
    read_timeout=READ_TIMEOUT,
    retries={"mode": "standard", "total_max_attempts": TRIES},
    signature_version="s3v4",
    # Not every compatible store knows the newer checksums, and a sealed file proves itself when it is opened.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


class PrivateBucket(S3Storage):  # type: ignore[misc] # the library has no types
    """Credentials and region come from the usual `AWS_…` variables. No ACL is sent: the bucket decides, and is private.

    A file is one request, held in memory: none is opened by its address, and none touches the disk.
    """

    def __init__(self, address: BucketAddress, *, endpoint: str) -> None:
        super().__init__(
            bucket_name=address.bucket,
            location=address.folder,
            endpoint_url=endpoint or None,
            client_config=LIMITS,
            default_acl=None,
            file_overwrite=False,
        )

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name  # the store itself refuses a second file of this name

    def exists(self, name: str) -> bool:
        with _answers():
            return bool(super().exists(name))

    def size(self, name: str) -> int:
        with _answers():
            return int(super().size(name))

    def delete(self, name: str) -> None:
        with _answers():
            super().delete(name)

    def rewrite(self, name: str, change: Change) -> bool:
        with _answers():
            present = self._get(name)
            content = change(present["Body"].read())
            if content is None:
                return False
            try:
                self._put(name, content, IfMatch=present["ETag"])
            except ClientError as error:
                if _code(error) in TAKEN:  # another run was faster
                    return False
                raise
        return True

    def files(self) -> Iterator[StoredFile]:
        folder = f"{self.location}/" if self.location else ""
        with _answers():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=folder)
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield StoredFile(entry["Key"].removeprefix(folder), entry["LastModified"])

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        with _answers():
            return ContentFile(self._get(name)["Body"].read(), name=name)

    def _save(self, name: str, content: "File[bytes]") -> str:
        with _answers():
            self._put(name, content.read(), IfNoneMatch="*")
        return name

    @property
    def _client(self) -> Any:
        return self.connection.meta.client

    def _get(self, name: str) -> Any:
        return self._client.get_object(Bucket=self.bucket_name, Key=self._normalize_name(name))

    def _put(self, name: str, content: bytes, **conditions: str) -> None:
        self._client.put_object(
            Bucket=self.bucket_name,
            Key=self._normalize_name(name),
            Body=content,
            ContentType="application/octet-stream",
            CacheControl="no-store",
            **conditions,
        )


@contextmanager
def _answers() -> Iterator[None]:
    """Turn what the library raises into our three answers. What the log says names no file and no key."""
    try:
        yield
    except ClientError as error:
        code = _code(error)
        if code in GONE:
            raise FileNotFoundError("The store holds no such file.") from None
        if code in TAKEN:
            raise FileExistsError("The store holds such a file.") from None
        logger.error("The store for documents refuses us (%s)", code)  # noqa: TRY400 - the rest may hold a key id
        raise StoreAway from None
    except (BotoCoreError, Boto3Error) as error:
        logger.error("The store for documents does not answer (%s)", type(error).__name__)  # noqa: TRY400
        raise StoreAway from None


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
