"""The provider's API as typed verbs. Pages are named as under https://docs.cryptomate.me/api-reference.

There is no verb for a card's number, security code or PIN, and there must be none: what is never fetched can be neither
stored nor leaked, and keeps whoever runs this out of the card industry's audits.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import requests

from cryptomate.endpoints import CARD, CARDS, CLIENT, CLIENTS, COMPANY, PRODUCT, PRODUCTS, VELOCITY_RULES
from cryptomate.errors import NotFound
from cryptomate.reading import each
from cryptomate.shapes.account import Company, VelocityRule
from cryptomate.shapes.cards import (
    ChallengeAnswer,
    DepositAddress,
    HoldingBalance,
    HoldingWallet,
    ProgramBalance,
    RemoteCard,
    balance_from_json,
)
from cryptomate.shapes.clients import ClientPayload, Country, IdentificationType, RemoteClient
from cryptomate.shapes.movements import MovementPage, Page
from cryptomate.shapes.products import ProductAnswer, ProductRequest
from cryptomate.transport import Exchange, Query, Transport, at, nothing


class Client:
    """Every verb raises a CryptoMateError for anything but a usable answer, and waits no longer than `timeout` says.

    `timeout` is the seconds to connect and the seconds between two signs of life. `observe` is told of each call, also
    of those that fail; it must not raise. Threads may share a client.
    """

    def __init__(
        self,
        *,
        url: str,
        api_key: str,
        session: requests.Session | None = None,
        timeout: tuple[float, float] = (3.05, 15),
        observe: Callable[[Exchange], None] | None = None,
    ) -> None:
        transport = Transport(url=url, api_key=api_key, session=session, timeout=timeout, observe=observe)
        self._call = transport.call

    # Individual clients: management/individual-clients

    def create_client(self, *, payload: ClientPayload, idempotency_key: str) -> RemoteClient:
        """Register a person (create-client). `payload.extra` stays here: the provider takes it on updates only.

        Raises Invalid where this person is already a client.
        """
        return self._call(
            "POST", at(CLIENTS), RemoteClient.from_json, body=payload.to_json(), idempotency_key=idempotency_key
        )

    def get_client(self, client_id: str) -> RemoteClient:
        """Fetch one person (get-client)."""
        return self._call("GET", at(CLIENT, client_id=client_id), RemoteClient.from_json)

    def list_clients(self) -> list[RemoteClient]:
        """Fetch every person the company has (list-clients): the API neither filters nor pages here."""
        return self._call("GET", at(CLIENTS), lambda answer: each(answer, RemoteClient.from_json))

    def update_client(self, client_id: str, payload: ClientPayload) -> RemoteClient:
        """Replace everything held about a person (update-client). What the payload leaves out is removed."""
        return self._call("PUT", at(CLIENT, client_id=client_id), RemoteClient.from_json, body=payload.to_update_json())

    def delete_client(self, client_id: str) -> None:
        """Delete a person (delete-client). What becomes of their cards is not documented."""
        self._call("DELETE", at(CLIENT, client_id=client_id), nothing)

    def list_countries(self) -> list[Country]:
        """Fetch the countries an address may be in, with their subdivisions (get-countries)."""
        return self._call("GET", at(CLIENTS + "/countries"), Country.list_from_json)

    def list_identifications(self, alpha2: str) -> list[IdentificationType]:
        """Fetch the ID types of a country (get-identifications-by-country); empty where the provider has none."""
        place = at(CLIENTS + "/identifications/{alpha2}", alpha2=alpha2)
        try:
            return self._call("GET", place, lambda answer: each(answer, IdentificationType.from_json))
        except NotFound:
            return []

    # Product enablement: management/individual-clients

    def request_product(
        self, client_id: str, *, subproduct: str = "cards_individuals", idempotency_key: str
    ) -> ProductRequest:
        """Ask for a product (request-product-enablement). Raises Conflict while an earlier request is open."""
        return self._call(
            "POST",
            at(PRODUCTS, client_id=client_id),
            ProductRequest.from_json,
            body={"subproduct": subproduct},
            idempotency_key=idempotency_key,
        )

    def list_products(self, client_id: str) -> list[ProductRequest]:
        """Fetch a person's requests, newest first, rejected ones included (list-products)."""
        return self._call("GET", at(PRODUCTS, client_id=client_id), ProductRequest.newest_first)

    def upload_document(
        self,
        client_id: str,
        request_id: str,
        *,
        document_type: str,
        image_front: str,
        image_back: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        replace: bool = False,
    ) -> ProductAnswer:
        """Supply one document, its images as data URIs of JPEG or PNG (complete-product-documentation).

        A document the provider turns down is an answer with `rejected_items`, not an error. Raises Conflict when the
        request no longer takes documents.
        """
        document: dict[str, Any] = {"document_type": document_type, "image_front": image_front, "replace": replace}
        if image_back:
            document["image_back"] = image_back
        if metadata:
            document["metadata"] = metadata
        place = at(PRODUCT + "/documentation", client_id=client_id, request_id=request_id)
        return self._call("POST", place, ProductAnswer.from_json, body={"document": document})

    def submit_request(self, client_id: str, request_id: str) -> ProductAnswer:
        """Send a request to review (submit-product). While something is missing, the status stays as it was.

        Raises Conflict when the request is not waiting for documents.
        """
        place = at(PRODUCT + "/submit", client_id=client_id, request_id=request_id)
        return self._call("POST", place, ProductAnswer.from_json)

    # Individual cards: cards/individual-cards

    def create_card(
        self,
        *,
        client_id: str,
        card_holder_name: str,
        approval_method: str,
        daily_limit: Decimal | None = None,
        weekly_limit: Decimal | None = None,
        monthly_limit: Decimal | None = None,
        per_transaction_limit: Decimal | None = None,
        idempotency_key: str,
    ) -> RemoteCard:
        """Issue a card (create-individual-card). Limits are US dollars; None is no cap.

        Raises Invalid when the person is not active or a quota is used up.
        """
        limits = _limits(daily_limit, weekly_limit, monthly_limit, per_transaction_limit)
        body = {
            "client_id": client_id,
            "card_holder_name": card_holder_name,
            "approval_method": approval_method,
            **{name: limit for name, limit in limits.items() if limit is not None},
        }
        return self._call(
            "POST", at(CARDS + "/create"), RemoteCard.from_json, body=body, idempotency_key=idempotency_key
        )

    def get_card(self, card_id: str) -> RemoteCard:
        """Fetch one card (get-individual-card)."""
        return self._call("GET", at(CARD, card_id=card_id), RemoteCard.from_json)

    def search_cards(
        self,
        *,
        client_id: str | None = None,
        last4: str | None = None,
        statuses: Iterable[str] = (),
        page: int = 0,
        size: int = 50,
    ) -> Page[RemoteCard]:
        """Fetch one page of cards (search-individual-cards); pages count from 0."""
        query: list[tuple[str, str | int]] = [("page", page), ("size", size)]
        query += [("status", status) for status in statuses]
        if client_id:
            query.append(("client_id", client_id))
        if last4:
            query += [("search_type", "LAST4"), ("search_text", last4)]
        return self._call("GET", at(CARDS + "/list/search"), Page.of(RemoteCard.from_json), query=query)

    def delete_card(self, card_id: str) -> RemoteCard:
        """Cancel a card for good and free its slot (delete-individual-card)."""
        return self._call("DELETE", at(CARD, card_id=card_id), RemoteCard.from_json)

    def set_frozen(self, card_id: str, *, freeze: bool) -> None:
        """Freeze or unfreeze a card (set-individual-card-frozen). Unfreezing releases one held by a velocity rule."""
        self._call("PATCH", at(CARD + "/frozen", card_id=card_id), nothing, body={"freeze": freeze})

    def set_limits(
        self,
        card_id: str,
        *,
        daily_limit: Decimal | None,
        weekly_limit: Decimal | None,
        monthly_limit: Decimal | None,
        per_transaction_limit: Decimal | None,
    ) -> RemoteCard:
        """Replace all limits of a card, in US dollars (update-individual-card-limits). None removes a cap."""
        limits = _limits(daily_limit, weekly_limit, monthly_limit, per_transaction_limit)
        return self._call("PATCH", at(CARD + "/limits", card_id=card_id), RemoteCard.from_json, body=limits)

    def get_balance(self, card_id: str) -> Decimal:
        """Fetch what a card can still spend, in US dollars (get-individual-card-balance)."""
        return self._call("GET", at(CARD + "/balance", card_id=card_id), balance_from_json)

    def get_program_balance(self, *, blockchains: Sequence[str] = ()) -> ProgramBalance:
        """Fetch the programme's totals in US dollars, on POLYGON unless told otherwise."""
        query: Query = [("blockchains", blockchain) for blockchain in blockchains]
        return self._call("GET", at(CARDS + "/balance"), ProgramBalance.from_json, query=query)

    def list_top_up_addresses(self, card_id: str) -> list[DepositAddress]:
        """Fetch where money for a card can be sent, each address followed by the ramps that lead to it."""
        return self._call("GET", at(CARD + "/top-up", card_id=card_id), DepositAddress.list_from_json)

    def get_holding_wallet(self) -> HoldingWallet:
        """Fetch the wallet that backs the programme's cards. Raises NotFound where the company has none."""
        return self._call("GET", at(CARDS + "/holding-wallet"), HoldingWallet.from_json)

    def get_holding_balance(self) -> HoldingBalance:
        """Fetch the balance of that wallet. Raises NotFound where the company has none."""
        return self._call("GET", at(CARDS + "/holding-wallet/balance"), HoldingBalance.from_json)

    def respond_to_challenge(self, card_id: str, *, challenge_id: str, approve: bool) -> ChallengeAnswer:
        """Approve or deny a purchase in its 3DS check (respond-3ds-authorization).

        Repeating a decision is answered ALREADY_PROCESSED; reversing one raises Invalid.
        """
        body = {"challenge_id": challenge_id, "approve": approve}
        return self._call(
            "POST", at(CARD + "/3ds-authorization", card_id=card_id), ChallengeAnswer.from_json, body=body
        )

    def search_transactions(
        self,
        card_id: str,
        *,
        operations: Iterable[str],
        from_date: date | None = None,
        to_date: date | None = None,
        page: int = 1,
        size: int = 100,
    ) -> MovementPage:
        """Fetch one page of a card's movements, newest first (search-individual-card-transactions).

        Pages count from 1 and hold at most 100. A card without history is an empty page, and so is a card that does
        not exist: the provider answers 404 to both.
        """
        query: list[tuple[str, str | int]] = [("operations", operation) for operation in operations]
        query += [(name, day.isoformat()) for name, day in (("from_date", from_date), ("to_date", to_date)) if day]
        query += [("page_number", page), ("size", size), ("sort_field", "datetime"), ("sort_order", "DESC")]
        place = at(CARDS + "/transactions/{card_id}/search", card_id=card_id)
        try:
            return self._call("GET", place, MovementPage.from_json, query=query)
        except NotFound:
            return MovementPage()

    # The company's account: cards/account and management/company

    def get_velocity_rules(self) -> list[VelocityRule]:
        """Fetch the company's velocity rules; empty where it has none."""
        return self._call("GET", at(VELOCITY_RULES), VelocityRule.list_from_json)

    def replace_velocity_rules(self, rules: Iterable[VelocityRule]) -> list[VelocityRule]:
        """Replace all velocity rules, at most five with different windows, and return those now stored."""
        body = {"rules": [rule.to_json() for rule in rules]}
        return self._call("PUT", at(VELOCITY_RULES), VelocityRule.list_from_json, body=body)

    def clear_velocity_rules(self) -> None:
        """Remove all velocity rules."""
        self._call("DELETE", at(VELOCITY_RULES), nothing)

    def subscribe_webhook(self, url: str, key: str) -> Company:
        """Have webhooks sent to this address with this key (subscribe-webhook-url). Replaces the company's only one."""
        body = {"url": url, "webhook_key": key}
        return self._call("POST", at(COMPANY + "/webhook/subscribe"), Company.from_json, body=body, secret=key)

    def set_webhook_key(self, key: str) -> Company:
        """Change the webhook key, of at least ten characters (subscribe-webhook-key). The next delivery carries it."""
        return self._call("POST", at(COMPANY + "/webhook/key"), Company.from_json, body={"key": key}, secret=key)

    def get_company(self) -> Company:
        """Fetch the company's name and webhook address (get-company)."""
        return self._call("GET", at(COMPANY), Company.from_json)


def _limits(
    daily: Decimal | None, weekly: Decimal | None, monthly: Decimal | None, per_transaction: Decimal | None
) -> dict[str, Decimal | None]:
    return {
        "daily_limit": daily,
        "weekly_limit": weekly,
        "monthly_limit": monthly,
        "per_transaction_limit": per_transaction,
    }
