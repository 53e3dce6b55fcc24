from django.db import models


class Kind(models.TextChoices):
    """What can happen, in the words of the timeline: "officer *registered the customer*". Each app adds its own."""

    CUSTOMER_REGISTERED = "customer.registered", "registered the customer"
    CUSTOMER_UPDATED = "customer.updated", "changed the customer's data"
    CUSTOMER_STATUS_CHANGED = "customer.status_changed", "changed the customer's status"
    DOCUMENT_UPLOADED = "document.uploaded", "uploaded a document"
    DOCUMENT_KEPT = "document.kept", "kept a document's images"
    WARNINGS_OVERRIDDEN = "document.warnings_overridden", "sent a document in spite of warnings"
    THRESHOLD_CHOSEN = "threshold.chosen", "chose a limit for photos"
    THRESHOLD_DROPPED = "threshold.dropped", "went back to the usual limit for photos"
    DOCUMENT_READ = "document.read", "read a document"
    DOCUMENT_REPLACED = "document.replaced", "replaced a document"
    DOCUMENT_VIEWED = "document.viewed", "looked at a document"
    ANSWERS_KEPT = "answers.kept", "typed answers that are not sent yet"
    REASON_WRITTEN = "rejection_reason.written", "wrote a rejection reason"
    REQUEST_OPENED = "request.opened", "asked for the product"
    REQUEST_SUBMITTED = "request.submitted", "submitted the request for review"
    REQUEST_STATUS_CHANGED = "request.status_changed", "changed the request's status"
    CARD_ISSUED = "card.issued", "issued a card"
    CARD_FROZEN = "card.frozen", "froze the card"
    CARD_UNFROZEN = "card.unfrozen", "unfroze the card"
    CARD_LIMITS_CHANGED = "card.limits_changed", "changed the card's limits"
    CHALLENGE_APPROVED = "challenge.approved", "approved a purchase in its 3DS check"
    CHALLENGE_DENIED = "challenge.denied", "denied a purchase in its 3DS check"
    NOTICE_SEEN = "notice.seen", "saw a notice"
    VELOCITY_RULES_CHANGED = "velocity_rules.changed", "changed the velocity rules"
    CARD_STATUS_CHANGED = "card.status_changed", "changed the card's status"
    DELIVERY_PROCESSED_AGAIN = "delivery.processed_again", "had a delivery processed again"
    CALL_HASTENED = "call.hastened", "had an open call looked at again"
    CALL_RESOLVED = "call.resolved", "settled a call to the provider"
    RECORD_VIEWED = "record.viewed", "looked at the record"
    SIGNED_IN = "person.signed_in", "signed in"
    SIGNED_OUT = "person.signed_out", "signed out"
    SIGN_IN_FAILED = "person.sign_in_failed", "could not sign in"
    PERSON_CHANGED = "person.changed", "changed a person's account"
    GROUP_CHANGED = "group.changed", "changed a group's rights"


class Source(models.TextChoices):
    """Through which door a change came."""

    WEB = "web", "Web"
    WORKER = "worker", "Worker"
    WEBHOOK = "webhook", "Webhook"
    COMMAND = "command", "Command"
