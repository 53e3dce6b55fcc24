"""Whose delivery is taken, and which one may be handled again."""

from hmac import compare_digest

from django.conf import settings

from customers.policies import NotAllowed
from webhooks.models import AUTHORIZATION, Outcome, WebhookEvent


def is_our_key(given: str) -> bool:
    """Compare with the present and the previous key, in the same time whatever was given."""
    # On bytes, because compare_digest raises on text that is not ASCII; WSGI hands headers over as Latin-1.
    given_bytes = given.encode("latin-1", "replace")
    keys = [key.encode() for key in (settings.CRYPTOMATE_WEBHOOK_KEY, settings.CRYPTOMATE_WEBHOOK_KEY_PREVIOUS) if key]
    matches = [compare_digest(given_bytes, key) for key in keys]  # all of them, whichever matches
    return any(matches)


def check_can_process_again(event: WebhookEvent) -> None:
    if event.outcome == Outcome.REJECTED:
        raise NotAllowed("This delivery could not be read, so there is nothing to process.")
    if event.event_type == AUTHORIZATION:
        raise NotAllowed("An authorization is answered once, when it is asked for.")
