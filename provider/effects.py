"""What each kind of call does at the provider. The apps that own the rows register their effects here at start.

`provider` knows when to send, when to wait and when to look; the effect knows what.
"""

from datetime import timedelta
from typing import Any, Protocol

from cryptomate import Client, Refused
from provider.models import LEASE, ProviderCall


class Effect(Protocol):
    kind: str

    def send(self, client: Client, call: ProviderCall) -> Any:
        """Make the call. Raises the client's errors, and NotReady before anything has left."""

    def look_up(self, client: Client, call: ProviderCall) -> Any | None:
        """Return the answer `send` would have brought, found at the provider; None when the effect did not happen.

        Raises NeedsAPerson when the provider's rows leave it open.
        """

    def lock(self, call: ProviderCall) -> None:
        """Lock the customer or card that people's actions lock before they want a call of this kind.

        Actions and answers then take their locks in one order, and neither waits for the other in a circle.
        """

    def done(self, call: ProviderCall, answer: Any) -> None:
        """Write what the answer says. Runs in the transaction that settles the call."""

    def refused(self, call: ProviderCall, error: Refused) -> None:
        """Write what the refusal means for our rows. Runs in the transaction that settles the call."""


class NotReady(Exception):  # noqa: N818 - it is an outcome, not a failure
    """What is to be sent cannot be had at the moment, and nothing has left; the message says what is waited for."""


class NeedsAPerson(Exception):  # noqa: N818 - it is an outcome, not a failure
    """The provider's rows do not tell whether the effect happened; the message says what a person should look at."""


_effects: dict[str, Effect] = {}


def register(effect: Effect) -> None:
    _effects[effect.kind] = effect


def effect_of(call: ProviderCall) -> Effect:
    return _effects[call.kind]


def lease_of(call: ProviderCall) -> timedelta:
    """Return how long one request of this kind may take before its worker counts as dead."""
    lease: timedelta = getattr(effect_of(call), "lease", LEASE)
    return lease
