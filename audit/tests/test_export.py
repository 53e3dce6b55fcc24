import csv
from io import StringIO
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied
from django.test import Client

from audit.actions import export_events
from audit.kinds import Kind
from audit.models import Event
from audit.tests.conftest import Record

pytestmark = pytest.mark.django_db

EXPORT = "/audit/export/"


@pytest.fixture
def exporter(auditor: User) -> User:
    auditor.user_permissions.add(Permission.objects.get(content_type__app_label="audit", codename="export_event"))
    return auditor


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    response = client.post(EXPORT + query)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="audit-')
    return list(csv.DictReader(StringIO(response.getvalue().decode())))


def test_the_list_that_was_narrowed_is_exported_whole_and_on_record(
    auditor_client: Client, exporter: User, recorded: Record, officer: User
) -> None:
    customer_id = uuid4()
    wanted = [recorded(by=officer, kind=Kind.CARD_FROZEN, customer_id=customer_id) for _ in range(60)]  # two pages
    recorded(by=officer, kind=Kind.CARD_FROZEN)
    query = f"?customer={customer_id}&kind=card.frozen"
    assert f'action="{EXPORT}{query.replace("&", "&amp;")}"' in auditor_client.get(f"/audit/{query}").content.decode()

    rows = exported(auditor_client, query)

    assert [int(row["Number"]) for row in rows] == [event.seq for event in reversed(wanted)]
    assert rows[0]["Person"] == "officer"
    assert rows[0]["What"] == "froze the card"
    on_record = Event.objects.of_kind(Kind.LOG_EXPORTED).get()
    assert (on_record.actor_name, on_record.customer_id) == ("auditor", customer_id)
    assert {change.field for change in on_record.changes} == {"customer", "kind"}


def test_what_was_recorded_of_a_customer_is_not_exported(
    auditor_client: Client, exporter: User, recorded: Record
) -> None:
    recorded(after={"city": "Pilar"}, note="Maria called")

    assert "Pilar" not in str(exported(auditor_client))
    assert "Maria" not in str(exported(auditor_client))


def test_no_cell_is_a_formula(auditor_client: Client, exporter: User, recorded: Record) -> None:
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]
    events = {recorded(by=User.objects.create_user(name), kind=name).seq: name for name in names}

    rows = {int(row["Number"]): row for row in exported(auditor_client)}

    assert [(rows[seq]["Person"], rows[seq]["Kind"]) for seq in events] == [(f"'{name}", f"'{name}") for name in names]


def test_nobody_exports_without_the_right(auditor_client: Client, auditor: User, recorded: Record) -> None:
    recorded()

    assert "Export as CSV" not in auditor_client.get("/audit/").content.decode()
    assert auditor_client.post(EXPORT).status_code == 403
    with pytest.raises(PermissionDenied, match="may not export"):
        export_events(by=auditor, filters={})
    assert not Event.objects.of_kind(Kind.LOG_EXPORTED)


def test_an_export_is_no_link_and_a_filter_without_sense_is_named(auditor_client: Client, exporter: User) -> None:
    assert auditor_client.get(EXPORT).status_code == 405
    assert auditor_client.post(f"{EXPORT}?customer=maria").status_code == 422
    assert not Event.objects.of_kind(Kind.LOG_EXPORTED)
