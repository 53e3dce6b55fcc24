"""How long a photo of 12 megapixels takes from the click to the answer, and what else the portal answers meanwhile."""

import argparse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from statistics import median
from time import monotonic

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from imaging.drawing import holder
from imaging.specimens import photograph
from portal.benches._officer import make_officer
from portal.benches._postgres import Server
from portal.benches._processes import PATIENCE, Processes, manage, portal_env, start_portal
from portal.benches._report import Report, percentile

SIZE = (4000, 3000)
QUALITY = 96  # of the JPEG: as heavy as phones make them
PHOTOS = 4  # different ones, sent in turn
AT_ONCE = 2  # officers who send while another reads
LONGEST = 1.0  # seconds, median
USABLE = 1000.0  # milliseconds that a page may take meanwhile, 95 of 100
TOKEN = "b" * 32  # of the form; any that is the same in the cookie
DATABASE = "bench_documents"


@dataclass(frozen=True)
class Officer:
    """Somebody with a browser."""

    address: str
    cookie: str

    def open(self, path: str, body: bytes | None = None) -> float:
        """Return the seconds until the whole answer is there. Raises HTTPError where it is a refusal."""
        headers = {
            "Cookie": f"{self.cookie}; {settings.CSRF_COOKIE_NAME}={TOKEN}",
            "X-CSRFToken": TOKEN,
            "X-Forwarded-Proto": "https",
            "Referer": "https://portal.example.com/",
            **({"HX-Request": "true", "Content-Type": MULTIPART_CONTENT} if body else {}),
        }
        request = urllib.request.Request(self.address + path, data=body, headers=headers)  # noqa: S310 - our own
        began = monotonic()
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - our own
            answer.read()
        return monotonic() - began


def uploads(asked: argparse.Namespace, report: Report) -> None:
    """Send photos to the portal's own view, one after the other, and then while somebody reads a page."""
    bodies = [_body(seed) for seed in range(PHOTOS)]
    size = sum(map(len, bodies)) / len(bodies) / 1e6
    report.title(f"Photos of {SIZE[0]} × {SIZE[1]} pixels ({size:.1f} MB) sent to the portal, answered once stored")
    with _portal(asked.server, customers=2 * asked.uploads + 1) as (officer, customers):
        page = f"/customers/{customers[0]}/"
        first, *sending = _sendings(customers, bodies)
        officer.open(*first)  # what is only loaded once per process is loaded now
        alone = [officer.open(*one) for one in sending[: asked.uploads]]
        report.at_most("checked, made anew and stored, median", median(alone), LONGEST, unit="s")
        report.figure("the slowest in twenty", f"{percentile(alone, 0.95):.1f} s", against=f"{len(alone)} photos")
        idle = [1000 * officer.open(page) for _ in range(20)]
        beside = _read_beside(officer, page, sending[asked.uploads :])
        report.figure("a page with nothing else to do, p95", f"{percentile(idle, 0.95):.0f} ms")
        report.at_most(f"a page while {AT_ONCE} photos at a time come, p95", percentile(beside, 0.95), USABLE)


def _sendings(customers: list[str], bodies: list[bytes]) -> list[tuple[str, bytes]]:
    """Return where each photo goes: a slot takes one, as a second would replace what nobody has seen."""
    paths = (f"/customers/{customer}/drafts/front/identity_document/" for customer in customers)
    return list(zip(paths, cycle(bodies), strict=False))


def _body(seed: int) -> bytes:
    photo = photograph(holder(seed), "passport", seed=seed, size=SIZE, quality=QUALITY)
    image = SimpleUploadedFile("passport.jpg", photo, "image/jpeg")
    return encode_multipart(BOUNDARY, {"document_type": "passport", "front_image": image})


@contextmanager
def _portal(server: Server, *, customers: int) -> Iterator[tuple[Officer, list[str]]]:
    env = portal_env(server.create(DATABASE))
    manage(env, "migrate", "--verbosity", "0")
    manage(env, "collectstatic", "--noinput", "--verbosity", "0")
    made = make_officer(env, customers=customers)
    with Processes() as processes:
        yield Officer(start_portal(processes, env), made["cookie"]), made["customers"]
    server.drop(DATABASE)


def _read_beside(officer: Officer, page: str, sending: list[tuple[str, bytes]]) -> list[float]:
    """Return the milliseconds that a page took, again and again, for as long as photos were sent."""
    with ThreadPoolExecutor(AT_ONCE) as senders:
        sent = [senders.submit(officer.open, *one) for one in sending]
        times = []
        while not all(one.done() for one in sent):
            times.append(1000 * officer.open(page))
    for one in sent:
        one.result()
    return times
