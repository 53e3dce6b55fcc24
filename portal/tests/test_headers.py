"""What every page's headers forbid, asked of the server as production runs it."""

import re
import urllib.parse
from collections.abc import Iterator

import pytest
import requests
from django.test import RequestFactory

from portal.env import DEMO_VALUES
from portal.middleware import behind_proxies
from portal.testing import Stack
from portal.tests.test_open_pages import ALL
from portal.tests.visitor import FINANCES, MARIA, Visitor

PRODUCTION = {name: f"{value}-but-of-their-own" for name, value in DEMO_VALUES.items() if name.endswith("KEY")}
PRODUCTION |= {"DEMO": "0", "DEBUG": "0", "TRUST_FORWARDED_PROTO": "1", "SECOND_FACTOR": "off"}
PRODUCTION |= {name: DEMO_VALUES[name] for name in ("ALLOWED_HOSTS", "DATA_KEYS", "AUDIT_KEY", "CRYPTOMATE_API_KEY")}
BEFORE_ALL = ("/healthz", "/readyz")  # for probes, which speak plain HTTP
INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]* (?:src=|type=\"application/json\"))|\son\w+=\"|javascript:", re.I)


@pytest.fixture(scope="module")
def production(stack: Stack) -> Iterator[str]:
    stack.manage("collectstatic", "--noinput", "--verbosity=0", **PRODUCTION)
    yield stack.run_web("production", **PRODUCTION).replace("http:", "https:")
    stack.stop("production")


def looked_at(stack: Stack, url: str) -> Iterator[tuple[str, requests.Response]]:
    """Open every address the portal has, as a person who may; where there is a customer, theirs."""
    officer, admin = Visitor(url, name="officer"), Visitor(url, name="admin")
    officer.send("/customers/new/", {**MARIA, **FINANCES, "email": "headers@example.com", "is_another_person": "on"})
    [(customer,)] = stack.rows("SELECT id::text FROM customers_customer WHERE email = 'headers@example.com'")
    stranger = "00000000-0000-0000-0000-000000000007"
    addresses = {address.replace(stranger, customer) for address in ALL} - {"/accounts/logout/"}
    for address in sorted(addresses):
        person = admin if address.startswith("/admin/") else officer
        yield address, person.session.get(url + address, timeout=20, allow_redirects=False)


@pytest.mark.processes
@pytest.mark.xdist_group("stack")
def test_every_answer_forbids_what_no_page_needs(stack: Stack, production: str) -> None:
    seen, faults = 0, []
    for address, answer in looked_at(stack, production):
        seen += answer.status_code == 200
        faults += [f"{address} ({answer.status_code}): {fault}" for fault in faults_of(address, answer)]

    assert faults == []
    assert seen > 60


def faults_of(address: str, answer: requests.Response) -> Iterator[str]:
    headers = answer.headers
    if answer.status_code >= 500 and address not in BEFORE_ALL:
        yield "our fault"
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Permissions-Policy": "camera=()",
    }
    if address not in BEFORE_ALL:
        wanted |= {
            "Strict-Transport-Security": "max-age=31536000",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Content-Security-Policy": "frame-ancestors 'none'",
        }
    yield from (f"{name} is {headers.get(name)}" for name, part in wanted.items() if part not in headers.get(name, ""))
    policy = headers.get("Content-Security-Policy", "")
    if policy and ("unsafe" in policy or "default-src 'none'" not in policy):
        yield f"a policy that is not strict: {policy}"
    if "html" in headers.get("Content-Type", "") and (found := INLINE.search(answer.text)):
        yield f"inline: {answer.text[found.start() : found.start() + 80]}"
    if "sessionid" in answer.cookies:
        yield "a new session"


@pytest.mark.processes
@pytest.mark.xdist_group("stack")
def test_cookies_are_for_this_site_and_tls_alone_and_plain_http_is_led_to_it(production: str) -> None:
    visitor = Visitor(production, name="support")
    address = production.replace("https:", "http:")
    plain = requests.get(f"{address}/customers/", timeout=10, allow_redirects=False)

    session = next(each for each in visitor.session.cookies if each.name == "__Host-sessionid")
    assert session.secure
    assert session.has_nonstandard_attr("HttpOnly")
    assert session.get_nonstandard_attr("SameSite") == "Lax"
    assert (plain.status_code, urllib.parse.urlsplit(plain.headers["Location"]).scheme) == (301, "https")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.1", "127.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "127.0.0.1"),
        (1, "", ""),
    ],
)
def test_an_address_is_believed_as_far_as_proxies_are(
    proxies: int, forwarded: str, address: str, settings: object, rf: RequestFactory
) -> None:
    settings.TRUSTED_PROXIES = proxies  # type: ignore[attr-defined]
    request = rf.get("/", headers={"X-Forwarded-For": forwarded})

    behind_proxies(lambda _request: None)(request)  # type: ignore[arg-type, return-value]

    assert request.META["REMOTE_ADDR"] == address
