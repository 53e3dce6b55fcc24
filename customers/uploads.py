"""Keeps files that come in out of the disk, and in memory only as far as any is taken."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from imaging.formats import LARGEST_UPLOAD

MOST_TOGETHER = 2 * LARGEST_UPLOAD  # bytes; a document has two sides


class BoundedMemoryUpload(FileUploadHandler):
    """Keeps each file in memory: a passport never lies on the disk in the clear.

    What is larger than any image is read to its end, so that the form around it can be answered, and forgotten at once;
    its size says that it was.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.together = 0

    def new_file(self, *args: Any, **options: Any) -> None:
        super().new_file(*args, **options)
        self.kept, self.is_forgotten = BytesIO(), False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.together += len(raw_data)
        if self.kept.tell() + len(raw_data) > LARGEST_UPLOAD or self.together > MOST_TOGETHER:
            self.kept, self.is_forgotten = BytesIO(), True
        if not self.is_forgotten:
            self.kept.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        size = max(file_size, LARGEST_UPLOAD + 1) if self.is_forgotten else file_size
        self.kept.seek(0)
        return InMemoryUploadedFile(
            self.kept, self.field_name, self.file_name or "", self.content_type or "", size, self.charset,
            self.content_type_extra,
        )  # fmt: skip
