"""Lists and pages of Django admin, as admins and auditors work with them, also once the tables are big."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model, QuerySet
from django.forms import model_to_dict
from django.http import HttpRequest, QueryDict
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit import records
from audit.models import Event
from audit.records import RecordAdmin
from audit.sealing import seal_all
from cards.models import Card, Holding, PortalMinute, VelocityRuleSet
from cards.tests.making import NOON, make_card
from customers.models import Customer, EnablementRequest
from customers.tests.making import make_customer, make_request
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
LINK = re.compile(r'href="(/admin/[^"#]+(?:/change/|\?[^"]+))"')
STATUSES = {"status", "state", "outcome"}
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
    with_rows_of_others = [first[model] for model, page in PAGES.items() if page.inlines]
    before = {of: len(asked(as_admin, of)) for of in [*map(address, PAGES), *with_rows_of_others]}
    country = Country.objects.get()
    for number in range(1, 4):
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


@pytest.mark.parametrize("role", ["admin_person", "auditor"])
def test_no_status_is_written_by_hand(role: str, client: Client, request: pytest.FixtureRequest) -> None:
    fill()
    client.force_login(request.getfixturevalue(role))
    for model in (model for model in PAGES if STATUSES & {field.name for field in model._meta.fields}):
        row = model._default_manager.order_by("pk")[0]
        page = address(model, "change", row.pk)

        assert b"_save" not in client.get(page).content
        assert client.post(page, dict.fromkeys(STATUSES, "ACTIVE")).status_code == 403
        assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        assert model_to_dict(model._default_manager.get(pk=row.pk)) == model_to_dict(row)


def test_an_auditor_has_no_actions(auditor: User) -> None:
    assert not [page for page in PAGES.values() if page.get_actions(request_of(auditor))]


def test_every_link_between_records_leads_an_auditor_to_rows(client: Client, auditor: User) -> None:
    fill()
    client.force_login(auditor)
    pages = [address(model, "change", model._default_manager.order_by("pk")[0].pk) for model in RECORDS]
    found = {html.unescape(link): page for page in pages for link in LINK.findall(client.get(page).content.decode())}
    wrong = []
    for link, page in found.items():
        answer = client.get(link)
        has_some = "?" in link and "?call=" not in link  # not every call changed something
        rows = answer.context["cl"].result_count if has_some else 1
        if answer.status_code != 200 or not rows:
            wrong.append((page, link, answer.status_code, rows))

    assert not wrong, wrong


FINDS = {
    "customers.Customer": ["Barb", "MJULIABARBER@example.com", "ab 123.4567", "client-row-0", "{customer}"],
    "customers.EnablementRequest": ["row-0", "client-row-0", "mjuliabarber@example.com", "{customer}"],
    "customers.Document": ["row-0", "{customer}"],
    "customers.StatusChange": ["{customer}", "{card}"],
    "cards.Card": ["4242", "client-row-0", "{card}"],
    "cards.Transaction": ["4242", "{card}"],
    "cards.CardClock": ["4242", "{card}"],
    "webhooks.WebhookEvent": ["op", "{card}", "{customer}"],
    "provider.ProviderCall": ["row-0", "{card}", "{customer}"],
    "audit.Event": ["row-0", "{customer}"],
}


def test_what_is_typed_finds_rows_whole_and_the_beginning_of_a_last_name_does(admin_person: User) -> None:
    customer = fill()
    ids = {"customer": customer.pk, "card": Card.objects.get().pk}
    missing = []
    for model in filter(lambda model: model._meta.label in FINDS, PAGES):
        for words in FINDS[model._meta.label]:
            if not listed(model, admin_person, q=words.format(**ids)).result_count:
                missing.append((model._meta.label, words))
        assert listed(model, admin_person, q="mjulia").result_count == 0
        assert listed(model, admin_person, q="arber").result_count == 0

    assert missing == []


def test_a_list_is_counted_and_paged_as_far_as_anybody_turns_pages(
    as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    PortalMinute.objects.bulk_create([PortalMinute(minute=NOON + timedelta(minutes=each)) for each in range(250)])
    monkeypatch.setattr(records, "FARTHEST", 200)

    first, last, beyond = (as_admin.get(address(PortalMinute), {"p": page}) for page in (1, 2, 3))

    assert "200 or more portal minutes" in first.content.decode()
    assert len(last.context["cl"].result_list) == 100
    assert beyond.status_code == 302


def act(client: Client, model: type[Model], action: str, *rows: Model) -> str:
    form = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(address(model), form, follow=True).content.decode()


def test_an_admin_has_customers_and_cards_asked_about_anew(as_admin: Client) -> None:
    followed, unfollowed, card = make_customer(), make_customer(api_id="2", email="b@example.com"), make_card()
    request = make_request(followed)

    assert "CryptoMate is asked about 1 now." in act(as_admin, Customer, "ask_now", followed, unfollowed)
    assert "1 left alone: There is nothing to ask" in act(as_admin, Customer, "ask_now", unfollowed)
    assert "CryptoMate is asked about 1 now." in act(as_admin, EnablementRequest, "ask_now", request)
    assert "1 read at CryptoMate now." in act(as_admin, Card, "read_now", card)

    request.refresh_from_db()
    assert request.next_sync_at is not None
    asked_for = Event.objects.filter(kind__endswith=".refreshed").order_by("seq")
    assert [(event.kind, event.actor_name, event.customer_id) for event in asked_for] == [
        ("customer.refreshed", "admin", followed.pk),
        ("customer.refreshed", "admin", followed.pk),
        ("card.refreshed", "admin", card.customer_id),
    ]


def test_an_auditor_has_nothing_asked(client: Client, auditor: User) -> None:
    client.force_login(auditor)
    customer = make_customer()
    make_request(customer)

    act(client, Customer, "ask_now", customer)

    assert not Event.objects.filter(kind="customer.refreshed").exists()
