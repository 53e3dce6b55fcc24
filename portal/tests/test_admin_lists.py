"""Lists and pages of Django admin, as admins and auditors work with them, also once the tables are big."""

import html
import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Event
from audit.records import RecordAdmin
from audit.sealing import seal_all
from cards.models import Holding, VelocityRuleSet
from customers.models import Customer
from portal.tests.crowd import add_rows, add_short_rows
from provider.models import Circuit, Country

pytestmark = pytest.mark.django_db

PAGES = admin.site._registry
RECORDS = {model: page for model, page in PAGES.items() if isinstance(page, RecordAdmin)}
# Lists that stay short, whatever the programme grows to: PostgreSQL may read them from end to end.
SHORT = {
    "audit.Seal", "cards.Holding", "cards.VelocityRule", "cards.VelocityRuleSet", "cards.Withdrawal",
    "customers.Comparison", "customers.Discrepancy", "customers.NewKind", "customers.UnknownReason",
    "customers.UnsavedAnswers", "portal.Heartbeat", "portal.Sending", "provider.Circuit", "provider.Country",
    "provider.IdentificationType", "provider.Outage", "provider.ShapeChange", "provider.Subdivision", "provider.Turn",
    "webhooks.Refusal",
}  # fmt: skip
LONG = {model: page for model, page in RECORDS.items() if model._meta.label not in SHORT}
WORDS = ("Barber", "mjuliabarber@example.com", "7e10c17e-0000-4000-8000-000000000001", "4242")


@pytest.fixture(autouse=True)
def _password_alone(settings: Any) -> None:
    settings.SECOND_FACTOR = "off"


@pytest.fixture
def as_admin(client: Client, admin_person: User) -> Client:
    client.force_login(admin_person)
    return client


def address(model: type[Model], page: str = "changelist", *of: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=of)


def fill() -> Customer:
    """Let every list have a row, and return whose they are."""
    customer = add_rows(0)
    add_short_rows(0)
    seal_all()
    Holding.objects.get_or_create()
    VelocityRuleSet.objects.current()
    Circuit.objects.get_or_create()
    return customer


def asked(client: Client, of: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(of).status_code == 200, of
    return [query["sql"] for query in captured]


def test_lists_and_pages_ask_as_often_for_many_rows_as_for_one(as_admin: Client) -> None:
    customer = fill()
    first = {model: address(model, "change", model._default_manager.order_by("pk")[0].pk) for model in PAGES}
    ContentType.objects.get_for_models(*PAGES)  # which are kept once they were asked for
    before = {of: len(asked(as_admin, of)) for model in PAGES for of in (address(model), first[model])}
    country = Country.objects.get()
    for number in range(1, 5):
        add_rows(number)
        add_rows(10 + number, of=customer)
        add_short_rows(number, country)
    after = {of: asked(as_admin, of) for of in before}

    assert {of: (before[of], len(after[of])) for of in before if before[of] != len(after[of])} == {}
    read_whole = [
        (of, sql) for model in RECORDS for of in [address(model)] for sql in after[of]
        if re.search(r"SELECT DISTINCT|COUNT\((?!.*LIMIT)", sql)
    ]  # fmt: skip
    assert read_whole == []


def listed(model: type[Model], person: User, **query: Any) -> Any:
    return PAGES[model].get_changelist_instance(request_of(person, **query))


def request_of(person: User, **query: Any) -> HttpRequest:
    request = RequestFactory().get("/", query)
    request.user = person
    return request


def steps(rows: QuerySet[Any], *avoided: str) -> list[str]:
    """Return the steps of PostgreSQL's plan, which takes the avoided ones where nothing else serves."""
    with connection.cursor() as cursor:
        cursor.execute("".join(f"SET LOCAL enable_{each} = off;" for each in avoided))
        plan = rows.select_related(None).explain(format="json")
        cursor.execute("".join(f"RESET enable_{each};" for each in avoided))
    return re.findall(r'"Node Type": "([^"]+)"', plan)


def filters(model: type[Model], person: User) -> Iterator[dict[str, Any]]:
    shown = listed(model, person)
    for spec in shown.filter_specs:
        for choice in spec.choices(shown):
            yield QueryDict(choice["query_string"].removeprefix("?")).dict()


def test_an_index_serves_the_order_the_search_and_each_filter_of_every_long_list(admin_person: User) -> None:
    fill()
    wrong: list[tuple[object, ...]] = []
    for model in LONG:
        if {"Sort", "Seq Scan"} & set(steps(listed(model, admin_person).queryset[:100], "seqscan", "sort")):
            wrong.append((model._meta.label, "order"))
        searches = [{"q": words} for words in WORDS] if LONG[model].search_fields else []
        for query in [*searches, *filters(model, admin_person)]:
            found = listed(model, admin_person, **query)
            if query and "Seq Scan" in steps(found.queryset.order_by(), "seqscan"):
                wrong.append((model._meta.label, query))

    assert wrong == []


def test_admins_and_auditors_read_every_record_and_change_none(admin_person: User, auditor: User) -> None:
    fill()
    wrong: list[tuple[object, ...]] = []
    clients = {person: Client() for person in (admin_person, auditor)}
    for person, client in clients.items():
        client.force_login(person)
    for (person, client), model in product(clients.items(), RECORDS):
        before = model._default_manager.count()
        page = address(model, "change", model._default_manager.order_by("pk")[0].pk)
        answers = [client.get(page), client.post(page, {"status": "ACTIVE"})]
        answers.append(client.post(page.replace("/change/", "/delete/"), {"post": "yes"}))
        can_be_saved = b"_save" in answers[0].content
        if [answer.status_code for answer in answers] != [200, 403, 403] or can_be_saved:
            wrong.append((person.username, page))
        if model is not Event and model._default_manager.count() != before:
            wrong.append((person.username, model))

    assert not wrong, wrong
    assert not [page for page in RECORDS.values() if page.get_actions(request_of(auditor))]


def test_every_link_between_records_leads_an_auditor_to_rows(client: Client, auditor: User) -> None:
    fill()
    client.force_login(auditor)
    pages = [address(model, "change", model._default_manager.order_by("pk")[0].pk) for model in RECORDS]
    found = {
        html.unescape(link): page
        for page in [*pages, *map(address, RECORDS)]
        for link in re.findall(r'href="(/admin/[^"#]+)"', client.get(page).content.decode())
    }
    wrong = []
    for link, page in found.items():
        answer = client.get(link, follow=True)
        has_some = "?" in link and "?call=" not in link  # not every call changed something
        rows = answer.context["cl"].result_count if has_some else 1
        if answer.status_code != 200 or not rows:
            wrong.append((page, link, answer.status_code, rows))

    assert not wrong, wrong
