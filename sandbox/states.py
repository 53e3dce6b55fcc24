"""What the console tells about each thing, for scripts and for its own page."""

from typing import Any

from sandbox import declines, requirements
from sandbox.models import Card, Client, Delivery, EnablementRequest, Fault, Purchase, UploadedDocument


def client_state(client: Client) -> dict[str, Any]:
    return {
        "id": client.id,
        "email": client.email,
        "first_name": client.first_name,
        "last_name": client.last_name,
        "status": client.status,
        "requests": [request_state(request) for request in client.requests.all()],
        "cards": [card.id for card in client.cards.all()],
    }


def request_state(request: EnablementRequest) -> dict[str, Any]:
    return {
        "id": request.id,
        "status": request.status,
        "product": request.product,
        "documents": [document_state(document) for document in request.documents.all()],
        "missing_requirements": requirements.missing(request),
        "rejected_items": request.rejected_items,
        "rejection_code": request.rejection_code,
        "rejection_description": request.rejection_description,
    }


def document_state(document: UploadedDocument) -> dict[str, Any]:
    return {
        "document_type": document.document_type,
        "metadata": document.metadata,
        "front": document.front,
        "back": document.back,
        "rejection_reason": document.rejection_reason,
    }


def card_state(card: Card) -> dict[str, Any]:
    return {
        "id": card.id,
        "client_id": card.client_id,
        "status": card.status,
        "last4": card.last4,
        "approval_method": card.approval_method,
        "balance": card.balance,
        "purchases": [purchase_state(purchase) for purchase in card.purchases.all()],
        "challenges": [
            {"challenge_id": str(challenge.id), "status": challenge.status} for challenge in card.challenges.all()
        ],
    }


def purchase_state(purchase: Purchase) -> dict[str, Any]:
    return {
        "authorization_id": str(purchase.id),
        "outcome": purchase.outcome,
        "decline_reason": declines.in_rest(purchase.decline_code),
        "merchant": purchase.merchant["name"],
        "bill_amount": purchase.bill_amount,
        "held": purchase.held_amount,
        "cleared": purchase.cleared_amount,
        "reversed": purchase.reversed_amount,
        "refunded": purchase.refunded_amount,
        "is_open": purchase.outcome == "authorized" and purchase.closed_at is None,
    }


def delivery_state(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "url": delivery.url,
        "product": delivery.product,
        "event_type": delivery.event_type,
        "operation_id": delivery.operation_id,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "last_answer": delivery.last_answer,
        "duration_ms": delivery.duration_ms,
        "body": delivery.body,
    }


def fault_state(fault: Fault) -> dict[str, Any]:
    return {
        "id": fault.id,
        "method": fault.method,
        "path": fault.path,
        "kind": fault.kind,
        "times": fault.remaining,
        "seconds": fault.seconds,
        "status": fault.answer_status,
        "body": fault.answer_body,
    }
