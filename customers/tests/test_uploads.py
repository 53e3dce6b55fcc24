"""Files on their way in: never on the disk, and in memory only as far as any is taken."""

from collections.abc import Iterator
from io import BytesIO, RawIOBase
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.client import MULTIPART_CONTENT

from customers.models import Document
from customers.tests.making import make_customer, make_request
from customers.uploads import MOST_TOGETHER
from imaging.formats import LARGEST_UPLOAD

PIECE = 65_536
BOUNDARY = MULTIPART_CONTENT.partition("boundary=")[2].encode()


class Pouring(RawIOBase):
    """A request body that is made while it is read: one file of so many bytes, and a field after it."""

    def __init__(self, size: int) -> None:
        begin = b'--%b\r\nContent-Disposition: form-data; name="front_image"; filename="a.jpg"\r\n\r\n' % BOUNDARY
        field = b'\r\n--%b\r\nContent-Disposition: form-data; name="metadata_number"\r\n\r\nP1' % BOUNDARY
        end = field + b"\r\n--%b--\r\n" % BOUNDARY
        self.length = len(begin) + size + len(end)
        self.parts = self._parts(begin, size, end)
        self.left = b""

    def _parts(self, begin: bytes, size: int, end: bytes) -> Iterator[bytes]:
        yield begin
        yield from (bytes(PIECE) for _ in range(size // PIECE))
        yield bytes(size % PIECE)
        yield end

    def read(self, size: int = -1) -> bytes:
        while len(self.left) < size and (part := next(self.parts, b"")):
            self.left += part
        taken, self.left = self.left[:size], self.left[size:]
        return taken


def received(size: int) -> HttpRequest:
    body = Pouring(size)
    return WSGIRequest(
        {
            **RequestFactory().post("/").environ,
            "CONTENT_TYPE": MULTIPART_CONTENT,
            "CONTENT_LENGTH": str(body.length),
            "wsgi.input": body,
        }
    )


def upload_of(request: HttpRequest, name: str = "front_image") -> Any:
    return request.FILES[name]


def test_a_file_is_kept_whole_in_memory() -> None:
    upload = upload_of(received(3_000_000))

    assert (upload.size, len(upload.read())) == (3_000_000, 3_000_000)
    assert isinstance(upload.file, BytesIO)


def test_of_a_file_that_is_too_large_nothing_is_kept_but_its_size_and_the_form_around_it() -> None:
    request = received(200_000_000)

    upload = upload_of(request)
    assert upload.size == 200_000_000
    assert upload.read() == b""
    assert request.POST["metadata_number"] == "P1"


def test_many_files_together_are_no_way_around_the_limit() -> None:
    files = {f"image_{at}": SimpleUploadedFile("a.jpg", bytes(LARGEST_UPLOAD - 1)) for at in range(3)}

    request = RequestFactory().post("/", files)

    kept = [len(upload_of(request, name).read()) for name in files]
    assert sum(kept) <= MOST_TOGETHER
    assert upload_of(request, "image_2").size > LARGEST_UPLOAD


@pytest.mark.django_db
def test_a_file_that_is_too_large_is_refused_at_its_field(places: None, as_officer: Client) -> None:
    customer = make_request(make_customer()).customer
    heavy = SimpleUploadedFile("passport.jpg", b"\xff\xd8\xff" + bytes(LARGEST_UPLOAD))

    answer = as_officer.post(
        f"/customers/{customer.pk}/documents/identity_document/",
        {"document_type": "passport", "metadata_number": "P1", "front_image": heavy},
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "larger than 25 MB" in page
    assert 'value="P1"' in page
    assert not Document.objects.exists()
