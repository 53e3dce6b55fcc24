"""Why the provider refused: what staff read, what the customer may be told, and what nobody has written up yet."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from audit.models import Event
from cryptomate.testing import FakeTransport, client_json, request_json
from customers import following
from customers.actions import Upload, submit_request, update_customer, upload_document
from customers.images import clean_image
from customers.models import EnablementRequest, RejectionReason, UnknownReason
from customers.policies import NotAllowed
from customers.reason_actions import write_reason
from customers.reasons import UNWRITTEN_CUSTOMER_TEXT, ReasonTable, note_unknown
from customers.tests.making import MISSING, NOTHING_MISSING, make_customer, make_document, make_request
from customers.tests.pictures import photo
from provider.models import CallKind, ProviderCall

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("places")]

BLURRED = {"type": "document", "key": "passport", "reason": "The image is blurry"}
STRANGE = {"type": "document", "key": "passport", "reason": "Hologram 4711 not iridescent"}
FINAL = {"status": "REJECTED", "rejection_code": "REJECTED_BY_PROVIDER", "rejection_description": "Sanctions match"}
ADD = "admin:customers_rejectionreason_add"


@pytest.fixture
def as_admin(client: Client, admin_person: User) -> Client:
    client.force_login(admin_person)
    return client


def make_reason(pattern: str = "full moon", **changes: Any) -> RejectionReason:
    texts = {"staff_text": "Wait for the new moon.", "customer_text": "Please wait a little.", "remedy": "NEW_PHOTO"}
    return RejectionReason(pattern=pattern, **{"position": 1, **texts, **changes})


def rejected(*items: dict[str, str], **changes: Any) -> EnablementRequest:
    values = {"status": "REJECTED", "missing": NOTHING_MISSING, "rejected_items": list(items), **changes}
    request = make_request(make_customer(status="REJECTED", phone_country_code=54, phone_number=11), **values)
    make_document(request, status="REJECTED" if items else "UPLOADED")
    return request


def page_of(client: Client, request: EnablementRequest) -> str:
    return client.get(f"/customers/{request.customer_id}/").content.decode()


# --- How a reason is recognised


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("The image is blurry", "NEW_PHOTO"),
        ("DOCUMENT EXPIRED ON 01/01/2020", "NEW_DOCUMENT"),
        ("The document is cropped", "NEW_PHOTO"),
        ("Scanned copies are not allowed", "NEW_PHOTO"),
        ("Looks like a screenshot", "NEW_PHOTO"),
        ("The name does not\n match the client", "CORRECT_DATA"),
        ("The document could not be read", "NEW_PHOTO"),
        ("The documents were not accepted", "NEW_DOCUMENT"),
        ("Sanctions match", "FINAL"),
        ("Hologram not iridescent", None),
    ],
)
def test_the_reasons_that_the_provider_names_are_known_from_the_start(words: str, remedy: str | None) -> None:
    reason = ReasonTable().explain(words).reason

    assert (reason.remedy if reason else None) == remedy


def test_a_reason_is_recognised_by_the_providers_code_too() -> None:
    make_reason("EXTERNAL_DB_HIT").save()

    assert ReasonTable().explain("", code="external_db_hit").reason


def test_of_two_that_fit_the_lower_position_counts_and_none_out_of_use() -> None:
    make_reason("blurry", position=5, staff_text="Ours").save()
    make_reason("image is", position=1, is_active=False).save()

    reason = ReasonTable().explain("The image is blurry").reason

    assert reason
    assert reason.staff_text == "Ours"


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("(blurry", "no regular expression"),
        ("blurry(?=x)", "no regular expression"),  # RE2 knows no looking ahead
        ("(.*)", "fits any text"),
        ("\\w+", "fits any text"),
        ("a?b?c?", "fits any text"),
        ("ab", "3 characters"),
    ],
)
def test_a_pattern_that_cannot_serve_is_refused_at_its_field(pattern: str, sentence: str, as_admin: Client) -> None:
    form = {"pattern": pattern, "is_expression": "on", "remedy": "NEW_PHOTO", "staff_text": "x", "customer_text": "y",
            "position": "1", "is_active": "on"}  # fmt: skip

    page = as_admin.post(reverse(ADD), form)

    assert sentence in page.context["adminform"].form.errors["pattern"][0]
    assert not RejectionReason.objects.filter(pattern=pattern).exists()


def test_a_pattern_that_would_take_forever_elsewhere_answers_at_once() -> None:
    make_reason("(a+)+(a+)+(a+)+$", is_expression=True).save()

    assert ReasonTable().explain("a" * 3000 + "!").reason is None


def test_a_broken_expression_in_the_table_fits_nothing() -> None:
    make_reason("(", is_expression=True).save()

    assert ReasonTable().explain("(").reason is None


@pytest.mark.parametrize("changes", [{"remedy": "PRAYER"}, {"customer_text": ""}, {"pattern": ""}])
def test_the_database_keeps_half_a_reason_out(changes: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_reason(**changes).save()


# --- Shown


def test_staff_read_the_providers_words_and_the_customer_gets_ours(as_officer: Client) -> None:
    page = page_of(as_officer, rejected(BLURRED))

    card = page.partition('id="document-identity_document"')[2]
    assert "“The image is blurry”" in card
    assert "New photo" in card
    assert "The text could not be read." in card
    assert 'data-copy="We could not read the photo of your document.' in card
    assert "Upload document</button>" in card


def test_a_verdict_shows_its_code(as_officer: Client) -> None:
    page = page_of(as_officer, rejected(rejection_code="KYC_17", rejection_description="The document has expired"))

    assert "“The document has expired”" in page
    assert '<span class="mono">KYC_17</span>' in page


def test_the_customer_is_told_of_the_document_and_not_of_the_verdict_it_led_to(as_officer: Client) -> None:
    page = page_of(as_officer, rejected(BLURRED, rejection_description="The documents were not accepted"))

    assert "“The documents were not accepted”" in page
    assert page.count("Text for the customer") == 1


def test_a_reason_nobody_wrote_up_has_a_text_that_says_nothing_of_it(as_officer: Client) -> None:
    page = page_of(as_officer, rejected(STRANGE))

    assert "Nobody has written up this reason yet." in page
    assert f'data-copy="{UNWRITTEN_CUSTOMER_TEXT}"' in page
    assert "iridescent" not in page.partition("data-copy")[2].partition(">")[0]


def test_support_reads_what_may_be_said(as_support: Client) -> None:
    assert "We could not read the photo of your document." in page_of(as_support, rejected(BLURRED))


# --- Counted


def stands(request: EnablementRequest, **changes: Any) -> None:
    provider = FakeTransport()
    provider.reply("GET", "/management/clients/individuals/client-1", client_json(id="client-1"))
    provider.reply("GET", "*/products", [request_json(id=request.api_id, missing_requirements=MISSING, **changes)])
    following.sync_request(request, client=provider.client())


def test_an_unknown_reason_is_counted_once_for_each_time_it_is_given() -> None:
    request = make_request(make_customer())
    for items in ([STRANGE], [STRANGE], [BLURRED], [{**STRANGE, "reason": "hologram 1234 NOT  iridescent"}]):
        stands(request, rejected_items=items)

    [unknown] = UnknownReason.objects.all()
    assert (unknown.words, unknown.times) == ("Hologram #### not iridescent", 2)


def test_a_verdict_nobody_wrote_up_is_counted() -> None:
    request = make_request(make_customer(), status="IN_KYC")
    for _ in range(2):
        stands(request, status="rejected", rejection_code="KYC_17", rejection_description="Aura too dim")

    assert [(each.words, each.times) for each in UnknownReason.objects.all()] == [("KYC_## Aura too dim", 1)]


def test_an_admin_writes_an_unknown_reason_and_it_leaves_the_list(as_admin: Client) -> None:
    note_unknown(["Hologram 4711 not iridescent", "Aura too dim"])
    unknown = UnknownReason.objects.get(words_hash__in=[each.words_hash for each in UnknownReason.objects.all()
                                                        if "Hologram" in each.words])  # fmt: skip
    listed = reverse("admin:customers_unknownreason_changelist")
    address = reverse(ADD, query={"unknown": unknown.pk})
    assert address in as_admin.get(listed).content.decode().replace("&amp;", "&")

    initial = as_admin.get(address).context["adminform"].form.initial
    form = {**initial, "staff_text": "Tilt it.", "customer_text": "Please tilt your card.", "remedy": "NEW_PHOTO",
            "position": "5", "is_active": "on"}  # fmt: skip
    saved = as_admin.post(address, form)

    assert saved.status_code == 302
    reason = ReasonTable().explain("Hologram 99 not iridescent").reason
    assert reason
    assert reason.customer_text == "Please tilt your card."
    as_admin.get("/admin/")  # takes the message that names what was saved
    page = as_admin.get(listed).content.decode()
    assert "Aura too dim" in page
    assert "iridescent" not in page


def test_a_link_to_no_reason_begins_an_empty_one(as_admin: Client) -> None:
    assert as_admin.get(reverse(ADD, query={"unknown": "garbage"})).status_code == 200


def test_a_reason_that_is_taken_out_of_use_is_unknown_again(admin_person: User) -> None:
    note_unknown(["Aura too dim"])
    reason = make_reason("aura")
    write_reason(reason=reason, by=admin_person)
    note_unknown(["Aura too dim"])
    assert not UnknownReason.objects.unwritten().exists()

    reason.is_active = False
    write_reason(reason=reason, by=admin_person)
    note_unknown(["Aura too dim"])

    [unknown] = UnknownReason.objects.unwritten()
    assert unknown.times == 2


def test_who_wrote_a_reason_is_on_record(admin_person: User) -> None:
    reason = make_reason()
    write_reason(reason=reason, by=admin_person)
    reason.remedy = "FINAL"
    write_reason(reason=reason, by=admin_person)

    first, second = Event.objects.order_by("seq")
    assert (first.kind, first.actor_name) == ("rejection_reason.written", "admin")
    assert [(change.field, change.before, change.after) for change in second.changes] == [
        ("remedy", "NEW_PHOTO", "FINAL")
    ]


def test_an_officer_writes_no_reasons(officer: User, as_officer: Client) -> None:
    with pytest.raises(NotAllowed):
        write_reason(reason=make_reason(), by=officer)

    assert as_officer.get(reverse(ADD)).status_code == 302
    assert not RejectionReason.objects.filter(pattern="full moon").exists()


def test_nobody_deletes_a_reason(as_admin: Client) -> None:
    reason = make_reason()
    reason.save()

    answer = as_admin.post(reverse("admin:customers_rejectionreason_delete", args=[reason.pk]), {"post": "yes"})

    assert answer.status_code == 403
    assert RejectionReason.objects.filter(pk=reason.pk).exists()


# --- A refusal for good


def test_a_final_refusal_offers_nothing_to_try_again(as_officer: Client) -> None:
    page = page_of(as_officer, rejected(**FINAL))

    assert "CryptoMate refused this customer for good" in page
    assert "hand the case to whoever is responsible" in page
    for offered in ("Submit for review", "Upload document</button>", ">Save</button>", "opens a new request"):
        assert offered not in page


@pytest.mark.parametrize("item", [{"type": "document", "key": "passport", "reason": "Sanctions match"},
                                  {"type": "data", "key": "elsewhere", "reason": "Sanctions match"}])  # fmt: skip
def test_one_final_reason_is_enough(item: dict[str, str], as_officer: Client) -> None:
    page = page_of(as_officer, rejected(BLURRED, item))

    assert "refused this customer for good" in page
    assert "Upload document</button>" not in page


def test_nothing_is_sent_after_a_final_refusal(officer: User) -> None:
    customer = rejected(**FINAL).customer
    upload = Upload("passport", {"number": "P1"}, front=clean_image(photo()), back=None)

    with pytest.raises(NotAllowed, match="final"):
        upload_document(customer=customer, requirement_id="identity_document", upload=upload, by=officer)
    with pytest.raises(NotAllowed, match="final"):
        submit_request(customer=customer, by=officer)

    assert not ProviderCall.objects.exists()


def test_an_answer_to_a_final_refusal_is_refused_and_kept_on_the_card(as_officer: Client) -> None:
    customer = rejected(**FINAL).customer

    answer = as_officer.post(
        f"/customers/{customer.pk}/data/personal_information/", {"phone_country_code": "54", "phone_number": "119"}
    )

    customer.refresh_from_db()
    assert answer.status_code == 409
    assert "refusal is final" in answer.content.decode()
    assert customer.phone_number == 11


def test_data_may_be_put_right_after_a_final_refusal_without_asking_again(officer: User) -> None:
    customer = rejected(**FINAL).customer

    update_customer(customer=customer, data={"city": "Córdoba"}, by=officer)

    assert [call.kind for call in ProviderCall.objects.all()] == [CallKind.UPDATE_CLIENT]


def test_an_admin_who_decides_that_it_is_not_final_opens_it_again(as_officer: Client) -> None:
    request = rejected(**FINAL)
    RejectionReason.objects.filter(remedy="FINAL").update(remedy="NEW_DOCUMENT")

    assert "Upload document</button>" in page_of(as_officer, request)
