"""Every address, asked by somebody who has not signed in: the list of what answers stands here."""

import re
import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

OPEN = {
    "/accounts/login/": 200,
    "/accounts/code/": 302,  # to the page before it, unless a password was given there
    "/admin/login/": 302,  # to our own sign-in page
    "/healthz": 200,
    "/readyz": 503,  # no worker runs in this test
    "/webhooks/cryptomate/": 405,  # a POST, with its key
    "/admin/jsi18n/": 302,
}

EXAMPLES = {"uuid": str(uuid.UUID(int=7)), "int": "1", "str": "x", "slug": "x", "path": "x", "side": "front"}


def addresses(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + _example(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


def _example(route: str) -> str:
    plain = re.sub(r"<(?:(\w+):)?\w+>", lambda match: EXAMPLES[match.group(1) or "str"], route)
    return plain.replace("^", "").replace("$", "").replace("(?P<app_label>", "").replace(")", "").replace("\\Z", "")


ALL = sorted(set(addresses(get_resolver())))


def test_the_walk_finds_pages_of_every_app() -> None:
    for start in ("/customers/new/", "/cards/", "/transactions/", "/events/", "/audit/", "/admin/customers/customer/"):
        assert start in ALL


@pytest.mark.django_db
@pytest.mark.parametrize("address", ALL)
def test_a_page_asks_for_a_login_unless_it_is_listed_as_open(client: Client, address: str) -> None:
    answer = client.get(address)

    if address in OPEN:
        assert answer.status_code == OPEN[address]
    else:
        assert answer.status_code == 302
        assert re.match(r"/(accounts|admin)/login/\?", answer["Location"]), answer["Location"]


@pytest.mark.django_db
def test_a_post_without_a_login_changes_nothing(client: Client) -> None:
    answer = client.post("/customers/new/", {"first_name": "Maria"})

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")
