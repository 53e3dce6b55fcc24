"""Shows masked personal data to a person for a minute, for a reason they give: the record of it is what shows them."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import TextChoices

from audit.actions import record
from audit.kinds import Kind
from audit.sight import REVEALS, shown_until
from customers.models import Customer
from customers.policies import check_person_may


class RevealReason(TextChoices):
    CALLER = "CALLER", "Checking who is calling"
    DATA = "DATA", "A question about the customer’s data"
    PURCHASE = "PURCHASE", "A question about a purchase or a card"
    PROVIDER = "PROVIDER", "A question of CryptoMate’s"
    AUTHORITY = "AUTHORITY", "A request of an authority"
    OTHER = "OTHER", "Something else"


@transaction.atomic
def reveal(*, customer: Customer, reason: RevealReason, words: str, by: User) -> None:
    """Have this customer's data shown to the person for a while. Raises NotAllowed.

    While they are shown already, a second press changes and records nothing.
    """
    check_person_may(by, REVEALS)
    Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    if shown_until(by, customer.pk):
        return
    note = f"{reason.label}: {words}" if words else reason.label
    record(kind=Kind.CUSTOMER_REVEALED, by=by, customer_id=customer.pk, subject=customer, note=note)
