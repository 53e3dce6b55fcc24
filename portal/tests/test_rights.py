"""Who may do what: each address and method for each role, and what a role finds who follows every link."""

import html
import re
from collections import deque
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from conftest import person
from customers.models import NameWord
from customers.tests.making import make_customer
from people.models import Attempts, Kept
from portal import urls
from portal.roles import OPEN_DJANGO_ADMIN
from portal.tests.planted import PRIVATE, Planted, plant

pytestmark = pytest.mark.django_db

ROLES = {"officer": "Officer", "senior": "Senior officer", "support": "Support", "auditor": "Auditor", "admin": "Admin"}
ALL = "officer senior support auditor admin"
OFFICERS, WRITERS, NOBODY = "officer senior", "officer senior support admin", ""

# Who may open it, and who may send to it.
PAGES: dict[str, tuple[str, str]] = {
    "desk:queue": (ALL, NOBODY),
    "desk:queue_cases": (ALL, NOBODY),
    "desk:next_case": (NOBODY, OFFICERS),
    "desk:assign": (NOBODY, OFFICERS),
    "desk:keep_filter": (NOBODY, ALL),
    "desk:drop_filter": (NOBODY, ALL),
    "desk:case": (OFFICERS, NOBODY),
    "desk:case_hold": (ALL, NOBODY),
    "desk:keep_case": (NOBODY, OFFICERS),
    "desk:take_case": (NOBODY, OFFICERS),
    "desk:take_over_case": (NOBODY, OFFICERS),
    "desk:release_case": (NOBODY, OFFICERS),
    "desk:assign_case": (NOBODY, OFFICERS),
    "desk:hand_over_case": (NOBODY, OFFICERS),
    "desk:snooze_case": (NOBODY, OFFICERS),
    "desk:wake_case": (NOBODY, OFFICERS),
    "desk:escalate_case": (NOBODY, OFFICERS),
    "desk:settle_escalation": (NOBODY, OFFICERS),
    "desk:close_case": (NOBODY, OFFICERS),
    "desk:reopen_case": (NOBODY, OFFICERS),
    "desk:ask_customer": (NOBODY, OFFICERS),
    "desk:hear_from_customer": (NOBODY, OFFICERS),
    "desk:search": (ALL, ALL),
    "desk:dashboard": (ALL, NOBODY),
    "desk:mentions": (ALL, NOBODY),
    "desk:mention_seen": (NOBODY, ALL),
    "desk:reports": ("officer senior auditor admin", NOBODY),
    "desk:report": ("officer senior auditor admin", NOBODY),
    "desk:clocks": (ALL, NOBODY),
    "desk:case_file": (NOBODY, "senior auditor"),
    "desk:export_log": (NOBODY, "auditor admin"),
    "desk:approvals": (ALL, NOBODY),
    "desk:approve": (NOBODY, "senior auditor admin"),
    "desk:refuse": (NOBODY, "senior auditor admin"),
    "desk:withdraw": (NOBODY, ALL),
    "desk:differences": ("officer senior auditor admin", NOBODY),
    "desk:compare": (NOBODY, "senior admin"),
    "desk:stop_comparison": (NOBODY, "senior admin"),
    "desk:take_difference": (NOBODY, "officer senior admin"),
    "desk:keep_difference": (NOBODY, "officer senior admin"),
    "customers:list": (ALL, NOBODY),
    "customers:new": (OFFICERS, OFFICERS),
    "customers:reveals": ("auditor admin", NOBODY),
    "customers:subdivisions": (ALL, NOBODY),
    "customers:detail": (ALL, NOBODY),
    "customers:edit": (OFFICERS, OFFICERS),
    "customers:progress": (ALL, NOBODY),
    "customers:submit": (NOBODY, OFFICERS),
    "customers:refresh": (NOBODY, WRITERS),
    "customers:reveal": (ALL, ALL),
    "customers:calls": (ALL, NOBODY),
    "customers:timeline": (ALL, NOBODY),
    "customers:people": (WRITERS, NOBODY),
    "customers:add_note": (NOBODY, WRITERS),
    "customers:keep_note": (NOBODY, WRITERS),
    "customers:withdraw_note": (NOBODY, WRITERS),
    "customers:save_data": (NOBODY, OFFICERS),
    "customers:keep_data": (NOBODY, OFFICERS),
    "customers:keep_document": (NOBODY, OFFICERS),
    "customers:keep_image": (NOBODY, OFFICERS),
    "customers:fill_in": (NOBODY, OFFICERS),
    "customers:reading": (NOBODY, "officer senior auditor"),
    "customers:viewer": ("officer senior auditor", NOBODY),
    "customers:image": ("officer senior auditor", NOBODY),
    "customers:document": (OFFICERS, OFFICERS),
    "cards:list": (ALL, NOBODY),
    "cards:holding": (ALL, WRITERS),
    "cards:velocity_rules": (ALL, "admin"),
    "cards:detail": (ALL, NOBODY),
    "cards:calls": (ALL, NOBODY),
    "cards:live": (ALL, NOBODY),
    "cards:would_pass": (ALL, NOBODY),
    "cards:freeze": (NOBODY, "officer senior support"),
    "cards:unfreeze": (NOBODY, "officer senior support"),
    "cards:delete": (NOBODY, "senior"),
    "cards:limits": (OFFICERS, OFFICERS),
    "cards:refresh": (NOBODY, WRITERS),
    "cards:answer_challenge": (NOBODY, "officer senior support"),
    "cards:notice_seen": (NOBODY, WRITERS),
    "cards:customer_cards": (ALL, NOBODY),
    "cards:issue": (OFFICERS, OFFICERS),
    "cards:transactions": (ALL, NOBODY),
    "cards:transaction": (ALL, NOBODY),
    "audit:index": ("auditor admin", NOBODY),
    "audit:event": ("auditor admin", NOBODY),
    "webhooks:events": (ALL, NOBODY),
    "webhooks:event": (ALL, NOBODY),
    "webhooks:authorizations": (ALL, NOBODY),
    "webhooks:authorization": (ALL, NOBODY),
    "webhooks:failed_again": ("admin", "admin"),
    "webhooks:again": ("admin", "admin"),
}
# Everybody's own account, and doors that ask for a key or for nothing: their tests stand with them.
NOT_BY_ROLE = re.compile(r"account_\w+|mfa_\w+|people:\w+|webhooks:intake|healthz|readyz|None|search")

# In Django admin a role reads what it may view. Who may add, change and delete there, by hand:
ADMIN_WRITES: dict[str, tuple[str, str, str]] = {
    "auth.User": ("admin", "admin", NOBODY),
    "auth.Group": ("admin", "admin", NOBODY),
    "customers.RejectionReason": ("senior admin", "senior admin", NOBODY),
    "customers.QualityThreshold": ("senior admin", "senior admin", "senior admin"),
    "desk.Target": (NOBODY, "admin", NOBODY),
    "people.FourEyes": (NOBODY, "admin", NOBODY),
}
SENIOR_READS = (
    "cards.Card", "cards.Holding", "cards.Transaction", "cards.VelocityRule", "customers.Customer",
    "customers.Discrepancy", "customers.QualityThreshold", "customers.RejectionReason", "customers.UnknownReason",
    "webhooks.WebhookEvent",
)  # fmt: skip
MASKED_FOR = ("support", "admin")

# Which planted row an argument of an address names; otherwise `pk` is what the address is about.
ARGUMENTS: dict[str, dict[str, str]] = {
    "desk": {"pk": "difference"},
    "desk:clocks": {"pk": "customer"},
    "desk:drop_filter": {"pk": "saved_filter"},
    **{name: {"pk": "customer"} for name in PAGES if name.startswith("desk:") and "case" in name},
    "desk:settle_escalation": {"pk": "customer"},
    "desk:ask_customer": {"pk": "customer"},
    "desk:hear_from_customer": {"pk": "customer"},
    "desk:mention_seen": {"pk": "note"},
    **{f"desk:{act}": {"pk": "approval"} for act in ("approve", "refuse", "withdraw")},
    "customers": {"pk": "customer"},
    "cards": {"pk": "card"},
    "cards:customer_cards": {"pk": "customer"},
    "cards:issue": {"pk": "customer"},
    "cards:transaction": {"pk": "purchase"},
    "audit": {"pk": "event"},
    "webhooks": {"pk": "delivery"},
    "webhooks:authorization": {"pk": "decision"},
}
PLAIN_ARGUMENTS = {"side": "front", "chart": "throughput"}


def patterns(resolver: Any, space: str = "", route: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and the route of each address but those of Django admin."""
    for each in resolver.url_patterns:
        if isinstance(each, URLPattern):
            yield f"{space}{each.name}", route + str(each.pattern)
        elif isinstance(each, URLResolver) and each.namespace != "admin":
            yield from patterns(each, f"{each.namespace}:" if each.namespace else space, route + str(each.pattern))


ROUTES = {name: route for name, route in patterns(get_resolver()) if not NOT_BY_ROLE.fullmatch(name)}


@pytest.fixture
def planted(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Planted:
    settings.SECOND_FACTOR = "off"
    for status in (403, 404):  # a page for each of a thousand refusals would be drawn for nobody
        monkeypatch.setattr(urls, f"handler{status}", _plainly(status), raising=False)
    return plant()


def _plainly(status: int) -> Callable[..., HttpResponse]:
    return lambda _request, exception: HttpResponse(status=status)


def arguments_of(name: str, planted: Planted) -> dict[str, Any]:
    found = re.findall(r"<(\w+):(\w+)>", ROUTES[name])
    rows = {name: name for name in ("document", "challenge", "notice", "note")}
    rows |= ARGUMENTS.get(name) or ARGUMENTS.get(name.partition(":")[0], {})
    plain = {**PLAIN_ARGUMENTS, "requirement": _requirement(name)}
    return {
        argument: getattr(planted, rows[argument]).pk if kind == "uuid" else plain[argument] for kind, argument in found
    }


def _requirement(name: str) -> str:
    return "personal_information" if name.endswith("_data") else "identity_document"


def text_of(answer: Any) -> str:
    is_text = "text" in answer.get("Content-Type", "") and not answer.streaming
    return html.unescape(answer.content.decode()) if is_text else ""


def private_in(text: str) -> list[str]:
    return [value for value in PRIVATE if value in text]


def test_every_address_says_who_may() -> None:
    assert set(ROUTES) == set(PAGES), "give new addresses a row in PAGES, and take rows without an address out"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_and_sends_what_its_row_says_and_every_link_it_finds(
    role: str, client: Client, planted: Planted
) -> None:
    client.force_login(person(role, ROLES[role]))
    visit = Visit(client, is_masked=role in MASKED_FOR, opens_admin=role == "admin")
    for name, who in PAGES.items():
        address = reverse(name, kwargs=arguments_of(name, planted))
        for method, roles in zip(("get", "post"), who, strict=True):
            status = visit.ask(method, address)
            may = status < 500 and status not in (403, 404, 405)
            refused = status == 403 or (roles == NOBODY and status == 405)
            if may != (role in roles.split()) or not (may or refused):
                visit.wrong.append((name, method, status))
    if role == "admin":
        visit.follow("/admin/", *_change_pages())
    visit.follow()

    assert not visit.wrong


class Visit:
    """What one role finds. Pages in which it finds what is masked for it are wrong; so are links that lead nowhere."""

    def __init__(self, client: Client, *, is_masked: bool, opens_admin: bool) -> None:
        self.client, self.is_masked, self.opens_admin = client, is_masked, opens_admin
        self.seen: set[str] = set()
        self.found: deque[str] = deque()
        self.wrong: list[tuple[object, ...]] = []

    def ask(self, method: str, address: str) -> int:
        """Send it, and undo what it did."""
        with transaction.atomic():
            answer = getattr(self.client, method)(address)
            transaction.set_rollback(True)
        text = text_of(answer)
        if (self.is_masked or address.startswith("/admin/")) and private_in(text):
            self.wrong.append((method, address, private_in(text)))
        if method == "get":
            self.seen.add(address.partition("?")[0])
            self.found.extend(links(text))
        return int(answer.status_code)

    def follow(self, *addresses: str) -> None:
        self.found.extend(addresses)
        while self.found:
            address = self.found.popleft()
            is_admins = address.startswith("/admin/")
            if address.partition("?")[0] in self.seen or (is_admins and not self.opens_admin):
                continue
            status = self.ask("get", address)
            if status not in (200, 204, 302):
                self.wrong.append((address, status))


def test_no_id_opens_what_is_of_another_kind_or_of_another_row(planted: Planted) -> None:
    """Each address is asked by somebody who may open it: the others are refused before anything is looked for."""
    clients = {role: Client() for role in ROLES}
    for role, client in clients.items():
        client.force_login(person(role, ROLES[role]))
    other = make_customer(api_id="client-2").pk
    wrong = []
    for name, (may_open, may_send) in PAGES.items():
        arguments = arguments_of(name, planted)
        ids = [argument for argument, value in arguments.items() if value in planted.ids().values()]
        if not ids:
            continue
        client = clients[(may_open or may_send).split()[0]]
        is_about_customers = arguments["pk"] == planted.customer.pk and len(ids) == 1
        others = {*planted.ids().values(), *([] if is_about_customers else [other])} - set(arguments.values())
        for argument, another in product(ids, others):
            with transaction.atomic():
                address = reverse(name, kwargs={**arguments, argument: another})
                answer = client.get(address) if may_open else client.post(address)
                transaction.set_rollback(True)
            if answer.status_code != 404:
                wrong.append((name, argument, answer.status_code))

    assert not wrong


def links(text: str) -> Iterator[str]:
    for found in re.findall(r'(?:href|hx-get)="(/[^"#]*)', text):
        if not found.startswith(("/static/", "/accounts/", "/admin/password_change/")) and "/history/" not in found:
            yield found


def _change_pages() -> Iterator[str]:
    for model in admin.site._registry:
        if row := model._default_manager.first():
            yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])


def opens_admin(role: str) -> bool:
    return ROLES[role] in OPEN_DJANGO_ADMIN


def test_every_model_of_ours_can_be_read_in_django_admin() -> None:
    ours = ("portal", "desk", "webhooks", "cards", "customers", "provider", "audit", "people")
    models = {model for app in ours for model in apps.get_app_config(app).get_models() if not model._meta.proxy}
    no_records = {NameWord, Attempts, Kept}  # words that a search is compared with, counts, a cache: about nobody

    assert models - no_records <= set(admin.site._registry)


def test_django_admin_lets_a_role_read_and_write_what_its_row_says(client: Client) -> None:
    people = {role: person(role, group) for role, group in ROLES.items()}
    wrong: list[tuple[object, ...]] = []
    for model, page in admin.site._registry.items():
        for role in filter(opens_admin, ROLES):
            request = RequestFactory().get("/admin/")
            request.user = people[role]
            label = model._meta.label
            reads = role != "senior" or label in SENIOR_READS
            writes = tuple(role in roles.split() for roles in ADMIN_WRITES.get(label, (NOBODY,) * 3))
            rights = (
                page.has_add_permission(request),
                page.has_change_permission(request),
                page.has_delete_permission(request),
            )
            if page.has_view_permission(request) != reads or rights != writes:
                wrong.append((label, role, page.has_view_permission(request), rights))
    for role, someone in people.items():
        client.force_login(someone)
        if (client.get("/admin/").status_code == 200) != opens_admin(role):
            wrong.append(("/admin/", role))

    assert not wrong


def test_the_group_s_permissions_decide_and_not_its_name(client: Client, planted: Planted) -> None:
    support = person("support", "Support")
    group = support.groups.get()
    address = reverse("customers:detail", args=[planted.customer.pk])
    client.force_login(support)
    assert private_in(text_of(client.get(address))) == []

    group.name = "Front desk"
    group.save()
    group.permissions.add(*person("officer", "Officer").groups.get().permissions.filter(codename="view_personal_data"))

    assert "zoe@planted.example" in text_of(client.get(address))
    assert not User.objects.filter(is_superuser=True).exists()
