"""What issuing, freezing, limiting and deleting do at the provider, and how each is found again when no answer came."""

from typing import Any

from cards.actions import ask_for_refresh
from cards.following import create_card, follow_card, limits_in
from cards.models import LIMITS, Card
from cards.statuses import CardStatus, HoldReason
from cards.velocity_rules import SetVelocityRules
from cryptomate import Client, CryptoMateError, NoAnswer, Refused, RemoteCard
from customers.effects import lock_customer
from customers.models import Customer
from customers.statuses import Source
from provider import budget
from provider.circuit import Held
from provider.effects import NeedsAPerson
from provider.models import CallKind, ProviderCall


def lock_card(call: ProviderCall) -> None:
    Card.objects.select_for_update(no_key=True).get(pk=call.target_id)


class IssueCard:
    kind = CallKind.ISSUE_CARD
    lock = staticmethod(lock_customer)

    def send(self, client: Client, call: ProviderCall) -> RemoteCard:
        customer = Customer.objects.get(pk=call.target_id)
        return client.create_card(
            client_id=str(customer.api_id),
            card_holder_name=call.payload["holder_name"],
            approval_method=call.payload["approval_method"],
            **limits_in(call.payload),
            idempotency_key=str(call.pk),
        )

    def look_up(self, client: Client, call: ProviderCall) -> RemoteCard | None:
        """Search the customer's cards for one that we do not know and that is as we asked for it."""
        customer = Customer.objects.get(pk=call.target_id)
        listed = _all_cards(client, str(customer.api_id))
        ours = set(Card.objects.filter(api_id__in=[card.id for card in listed]).values_list("api_id", flat=True))
        found = [card for card in listed if card.id not in ours and _is_as_asked(card, call)]
        if len(found) > 1:
            raise NeedsAPerson("Two cards at the provider match what was asked for, and neither is known here.")
        return found[0] if found else None

    def done(self, call: ProviderCall, answer: RemoteCard) -> None:
        customer = Customer.objects.get(pk=call.target_id)
        ask_for_refresh(create_card(customer=customer, remote=answer, call=call))

    def refused(self, call: ProviderCall, error: Refused) -> None:
        """Nothing of ours changes: the call says why, and the form is there again."""


class SetFrozen:
    kind = CallKind.SET_FROZEN
    lock = staticmethod(lock_card)

    def send(self, client: Client, call: ProviderCall) -> RemoteCard:
        """Freeze or unfreeze, then read the card: the first answer is empty, and the status is the provider's word."""
        card = Card.objects.get(pk=call.target_id)
        client.set_frozen(card.api_id, freeze=call.payload["freeze"])
        try:
            budget.take()
            return client.get_card(card.api_id)
        except (CryptoMateError, Held) as error:
            acted = NoAnswer()  # whatever became of the reading, the card was frozen or not before it
            acted.acted_possibly = True
            raise acted from error

    def look_up(self, client: Client, call: ProviderCall) -> RemoteCard | None:
        remote = client.get_card(Card.objects.get(pk=call.target_id).api_id)
        is_frozen = remote.status == CardStatus.FROZEN
        return remote if is_frozen == call.payload["freeze"] else None

    def done(self, call: ProviderCall, answer: RemoteCard) -> None:
        card = Card.objects.get(pk=call.target_id)
        reason = call.payload.get("hold_reason", HoldReason.OFFICER) if call.payload["freeze"] else ""
        follow_card(card, answer, source=Source.SYNC, by=call.wanted_by, hold_reason=reason)

    def refused(self, call: ProviderCall, error: Refused) -> None:
        """Nothing of ours changes: the call says why."""


class SetLimits:
    kind = CallKind.SET_LIMITS
    lock = staticmethod(lock_card)

    def send(self, client: Client, call: ProviderCall) -> RemoteCard:
        card = Card.objects.get(pk=call.target_id)
        return client.set_limits(card.api_id, **limits_in(call.payload))

    def look_up(self, client: Client, call: ProviderCall) -> RemoteCard | None:
        remote = client.get_card(Card.objects.get(pk=call.target_id).api_id)
        return remote if _has_limits(remote, call) else None

    def done(self, call: ProviderCall, answer: RemoteCard) -> None:
        follow_card(Card.objects.get(pk=call.target_id), answer, source=Source.SYNC)

    def refused(self, call: ProviderCall, error: Refused) -> None:
        """Nothing of ours changes: the call says why."""


class DeleteCard:
    kind = CallKind.DELETE_CARD
    lock = staticmethod(lock_card)

    def send(self, client: Client, call: ProviderCall) -> RemoteCard:
        return client.delete_card(Card.objects.get(pk=call.target_id).api_id)

    def look_up(self, client: Client, call: ProviderCall) -> RemoteCard | None:
        """Read the card, which stays at the provider with its last status."""
        remote = client.get_card(Card.objects.get(pk=call.target_id).api_id)
        return remote if remote.status == CardStatus.DELETED else None

    def done(self, call: ProviderCall, answer: RemoteCard) -> None:
        card = Card.objects.get(pk=call.target_id)
        follow_card(card, answer, source=Source.SYNC, by=call.wanted_by, asked_for={CardStatus.DELETED})

    def refused(self, call: ProviderCall, error: Refused) -> None:
        """Nothing of ours changes: the call says why."""


def _all_cards(client: Client, client_id: str) -> list[RemoteCard]:
    page = client.search_cards(client_id=client_id)
    cards = list(page.items)
    while page.page + 1 < page.total_pages:
        budget.take()
        page = client.search_cards(client_id=client_id, page=page.page + 1)
        cards += page.items
    return [card for card in cards if card.client_id in ("", client_id)]


def _is_as_asked(card: RemoteCard, call: ProviderCall) -> bool:
    return (
        card.status != CardStatus.DELETED
        and card.card_holder_name.upper() == call.payload["holder_name"].upper()
        and card.approval_method in ("", call.payload["approval_method"])
        and _has_limits(card, call)
    )


def _has_limits(card: RemoteCard, call: ProviderCall) -> bool:
    """Compare the limits that the answer shows: not every page of the provider's has all four."""
    wanted = limits_in(call.payload)
    return all(getattr(card, name) == wanted[name] for name in LIMITS if name in card.raw)


def effects() -> list[Any]:
    return [IssueCard(), SetFrozen(), SetLimits(), DeleteCard(), SetVelocityRules()]
