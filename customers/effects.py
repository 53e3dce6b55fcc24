"""What registering, saving, uploading and submitting do at the provider, and how a lost answer is found again."""

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from cryptomate import (
    Client,
    Conflict,
    MissingRequirements,
    ProductAnswer,
    ProductRequest,
    Refused,
    RejectedItem,
    RemoteClient,
)
from customers import following, remote
from customers.checklists import checklist_of, is_complete
from customers.discrepancies import close_settled
from customers.masking import known_values
from customers.models import PRODUCT, Customer, Document, EnablementRequest
from customers.reasons import note_unknown
from customers.requirements import concerns
from customers.statuses import OPEN_REQUEST_STATUSES, REQUEST_WORDS, DocumentStatus, RequestStatus, Source
from provider.actions import want
from provider.effects import NeedsAPerson, NotReady
from provider.models import CallKind, ProviderCall
from vault.stores import StoreAway

Occasion = following.Occasion


def lock_customer(call: ProviderCall) -> None:
    Customer.objects.select_for_update(no_key=True).get(pk=str(call.customer_id))


@dataclass(frozen=True)
class Saved:
    """The provider's client, and the digest of what we sent it, so that edits made meanwhile are noticed."""

    client: RemoteClient
    digest: str


class RegisterClient:
    kind = CallKind.REGISTER_CLIENT
    lock = staticmethod(lock_customer)

    def send(self, client: Client, call: ProviderCall) -> Saved:
        payload = remote.client_payload(Customer.objects.get(pk=call.target_id))
        # Kept before it leaves: the customer may be edited before a lost answer is looked up.
        digest = remote.digest(payload)
        call.payload = {"email": payload.email, "birth_date": payload.birth_date.isoformat(), "digest": digest}
        call.save(update_fields=["payload"])
        answer = client.create_client(payload=payload, idempotency_key=f"{call.target_id}-{digest[:16]}")
        return Saved(answer, digest)

    def look_up(self, client: Client, call: ProviderCall) -> Saved | None:
        """List the clients and match e-mail and date of birth: the list has no filter (contract section 2.2)."""
        if not call.payload:
            return None  # it never left
        ours = set(Customer.objects.exclude(api_id=None).values_list("api_id", flat=True))
        found = [
            each
            for each in client.list_clients()
            if each.id not in ours
            and each.email.casefold() == call.payload["email"].casefold()
            and str(each.birth_date) == call.payload["birth_date"]
        ]
        if len(found) > 1:
            raise NeedsAPerson("Two clients at the provider match this customer's e-mail and date of birth.")
        return Saved(found[0], remote.digest_of_client(found[0])) if found else None

    def done(self, call: ProviderCall, answer: Saved) -> None:
        customer = Customer.objects.get(pk=call.target_id)
        sent_again = remote.digest(remote.client_payload(customer)) != answer.digest
        customer.api_id, customer.remote_status = answer.client.id, answer.client.status
        customer.save(update_fields=["api_id", "remote_status"])
        if sent_again:
            want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=call.wanted_by)
        if customer.individual_cards:
            want(kind=CallKind.REQUEST_PRODUCT, target=customer, customer_id=customer.pk, by=call.wanted_by)

    def refused(self, call: ProviderCall, error: Refused) -> None:
        """The call says why, and saving the corrected form registers again; here, if it was saved meanwhile."""
        _want_again_if_edited(call)


class UpdateClient:
    kind = CallKind.UPDATE_CLIENT
    lock = staticmethod(lock_customer)

    def send(self, client: Client, call: ProviderCall) -> Saved:
        customer = Customer.objects.get(pk=call.target_id)
        payload = remote.client_payload(customer)
        call.payload = {"digest": remote.digest(payload)}
        call.save(update_fields=["payload"])
        return Saved(client.update_client(str(customer.api_id), payload), call.payload["digest"])

    def look_up(self, client: Client, call: ProviderCall) -> Saved | None:
        customer = Customer.objects.get(pk=call.target_id)
        payload = remote.client_payload(customer)
        held = client.get_client(str(customer.api_id))
        # Answers outside the client's own fields are not shown, and saving the same twice does no harm.
        return Saved(held, remote.digest(payload)) if not payload.extra and remote.holds(held, payload) else None

    def done(self, call: ProviderCall, answer: Saved) -> None:
        customer = Customer.objects.get(pk=call.target_id)
        following.follow_client(customer, answer.client)
        close_settled(customer, answer.client)
        if remote.digest(remote.client_payload(customer)) != answer.digest:
            want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=call.wanted_by)
        request = customer.newest_request
        if request and request.is_open:
            following.hasten_sync(request, now=timezone.now())

    def refused(self, call: ProviderCall, error: Refused) -> None:
        """The call says why."""
        _want_again_if_edited(call)


class RequestProduct:
    kind = CallKind.REQUEST_PRODUCT
    lock = staticmethod(lock_customer)

    def send(self, client: Client, call: ProviderCall) -> ProductRequest:
        customer = Customer.objects.get(pk=call.target_id)
        try:
            return client.request_product(str(customer.api_id), subproduct=PRODUCT, idempotency_key=str(call.pk))
        except Conflict:  # somebody opened a request in the provider's own portal
            found = self.look_up(client, call)
            if found is None:
                raise
            return found

    def look_up(self, client: Client, call: ProviderCall) -> ProductRequest | None:
        customer = Customer.objects.get(pk=call.target_id)
        ours = set(customer.requests.closed().values_list("api_id", flat=True))
        for request in client.list_products(str(customer.api_id)):
            if request.product == PRODUCT and request.id not in ours and _is_open(request):
                return request
        return None

    def done(self, call: ProviderCall, answer: ProductRequest) -> None:
        customer = Customer.objects.get(pk=call.target_id)
        request = following.follow_request(customer, answer, occasion=Occasion.REQUEST, source=Source.SYNC)
        following.follow_customer(customer, source=Source.SYNC)
        if remote.can_answer(customer, answer.missing_requirements):
            want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=call.wanted_by)
        self._send_drafts(customer, request, call)
        if self._was_overtaken(call):
            following.hasten_sync(request, now=timezone.now())

    def _was_overtaken(self, call: ProviderCall) -> bool:
        """Answer whether data were saved since this was asked: what is missing may be told of those before."""
        saved = ProviderCall.objects.about(call.target_id).filter(kind=CallKind.UPDATE_CLIENT)
        return saved.answered_since(call.sent_at or call.wanted_at).exists()

    def _send_drafts(self, customer: Customer, request: EnablementRequest, call: ProviderCall) -> None:
        """Documents chosen after a rejection waited for this request."""
        for draft in customer.documents.drafts().exclude(request=request):
            draft.request = request
            draft.save(update_fields=["request"])
            if draft.released_at and is_complete(draft, request):
                want(kind=CallKind.UPLOAD_DOCUMENT, target=draft, customer_id=customer.pk, by=call.wanted_by)

    def refused(self, call: ProviderCall, error: Refused) -> None:
        """Nothing of ours changes: the call says why."""


class UploadDocument:
    kind = CallKind.UPLOAD_DOCUMENT
    lease = timedelta(minutes=10)  # two images of 10 MB over a slow line
    lock = staticmethod(lock_customer)

    def send(self, client: Client, call: ProviderCall) -> ProductAnswer:
        document = Document.objects.select_related("request", "customer").get(pk=call.target_id)
        front, back = _images(document)
        call.payload = {"was_missing": document.requirement in _missing_documents(document.request)}
        call.save(update_fields=["payload"])
        return client.upload_document(
            str(document.customer.api_id),
            document.request.api_id,
            document_type=document.document_type,
            image_front=front,
            image_back=back,
            metadata=document.metadata,
            replace=call.attempts > 1 or _replaces_another(document),
        )

    def look_up(self, client: Client, call: ProviderCall) -> ProductAnswer | None:
        """A requirement missing before and not now was satisfied by this document; else it goes again, replacing."""
        document = Document.objects.select_related("request", "customer").get(pk=call.target_id)
        request = _find(client, document.request)
        if request is None or not call.payload.get("was_missing"):
            return None
        missing = {each.id for each in request.missing_requirements.documents}
        if document.requirement in missing or request.rejected_items:
            return None
        return ProductAnswer(request=request, rejected_items=(), raw=request.raw)

    def done(self, call: ProviderCall, answer: ProductAnswer) -> None:
        document = Document.objects.select_related("request", "customer").get(pk=call.target_id)
        document.uploaded_at = timezone.now()
        document.save(update_fields=["uploaded_at"])
        for earlier in document.customer.documents.standing().filter(requirement=document.requirement):
            if earlier.pk != document.pk:
                earlier.change_status(DocumentStatus.SUPERSEDED, source=Source.SYSTEM)
        document.change_status(DocumentStatus.UPLOADED, source=Source.SYNC)
        following.follow_request(
            document.customer,
            answer.request,
            occasion=Occasion.UPLOAD,
            source=Source.SYNC,
            rejected_items=[*answer.rejected_items, *_earlier_items(document)],
        )
        following.follow_customer(document.customer, source=Source.SYNC)
        if _others_were_answered(document.customer, call):
            following.hasten_sync(document.request, now=timezone.now())

    def refused(self, call: ProviderCall, error: Refused) -> None:
        document = Document.objects.get(pk=call.target_id)
        document.uploaded_at = timezone.now()
        document.save(update_fields=["uploaded_at"])
        following.reject_document(document, error.message)
        note_unknown([known_values(document.customer)(error.message)])
        following.hasten_sync(document.request, now=timezone.now())


class SubmitRequest:
    kind = CallKind.SUBMIT_REQUEST
    lock = staticmethod(lock_customer)

    def send(self, client: Client, call: ProviderCall) -> ProductAnswer:
        request = EnablementRequest.objects.select_related("customer").get(pk=call.target_id)
        return client.submit_request(str(request.customer.api_id), request.api_id)

    def look_up(self, client: Client, call: ProviderCall) -> ProductAnswer | None:
        request = _find(client, EnablementRequest.objects.select_related("customer").get(pk=call.target_id))
        if request is None or REQUEST_WORDS.get(request.status.lower()) in (
            RequestStatus.REQUESTED, RequestStatus.PENDING_DOCUMENTATION,
        ):  # fmt: skip
            return None
        return ProductAnswer(request=request, rejected_items=request.rejected_items, raw=request.raw)

    def done(self, call: ProviderCall, answer: ProductAnswer) -> None:
        request = EnablementRequest.objects.select_related("customer").get(pk=call.target_id)
        following.follow_request(
            request.customer,
            answer.request,
            occasion=Occasion.SUBMIT,
            source=Source.SYNC,
            rejected_items=answer.rejected_items,
        )
        following.follow_customer(request.customer, source=Source.SYNC)

    def refused(self, call: ProviderCall, error: Refused) -> None:
        following.hasten_sync(EnablementRequest.objects.get(pk=call.target_id), now=timezone.now())


def _images(document: Document) -> tuple[str, str | None]:
    try:
        return data_uri(document, "front"), data_uri(document, "back") if document.back else None
    except StoreAway as error:
        raise NotReady("The store for documents does not answer, so it is sent as soon as that is back.") from error


def data_uri(document: Document, side: str) -> str:
    """Return one side of the document as the provider takes it: `data:image/jpeg;base64,…` (contract section 2.11)."""
    image = document.image(side)
    assert image is not None  # noqa: S101 - a document is sent only with the sides its type asks for
    with image.open("rb") as file:
        content = file.read()
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _want_again_if_edited(call: ProviderCall) -> None:
    """What was refused may have been corrected while it was out."""
    customer = Customer.objects.get(pk=call.target_id)
    if call.payload.get("digest", "") != remote.digest(remote.client_payload(customer)):
        want(kind=CallKind(call.kind), target=customer, customer_id=customer.pk, by=call.wanted_by)


def _missing_documents(request: EnablementRequest) -> set[str]:
    return {each.id for each in MissingRequirements.from_json(request.missing_requirements).documents}


def _find(client: Client, request: EnablementRequest) -> ProductRequest | None:
    listed = client.list_products(str(request.customer.api_id))
    return next((each for each in listed if each.id == request.api_id), None)


def _is_open(request: ProductRequest) -> bool:
    return REQUEST_WORDS.get(request.status.lower()) in OPEN_REQUEST_STATUSES


def _others_were_answered(customer: Customer, call: ProviderCall) -> bool:
    """Answer whether this answer may be older than another that was written before it."""
    since = call.sent_at or call.wanted_at
    return ProviderCall.objects.about(customer.pk).answered_since(since).exclude(pk=call.pk).exists()


def _replaces_another(document: Document) -> bool:
    same = document.customer.documents.exclude(pk=document.pk).exclude(uploaded_at=None)
    return same.filter(document_type=document.document_type).exists()


def _earlier_items(document: Document) -> list[RejectedItem]:
    """Return what was flagged before and is not about this document."""
    items = [RejectedItem.from_json(item) for item in document.request.rejected_items]
    wanted = checklist_of(document.request).find_document(document.requirement)
    return [item for item in items if wanted is None or not concerns(item, wanted.requirement)]


def effects() -> list[Any]:
    return [RegisterClient(), UpdateClient(), RequestProduct(), UploadDocument(), SubmitRequest()]
