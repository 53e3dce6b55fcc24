"""What people decide about a difference: take the provider's value, keep ours, or leave a stray record as it is.

Saving replaces everything the provider holds (contract section 2.4), so ours goes out only once each open difference
of a customer's data is decided: keeping one field must not undo another that is still to be looked at.
"""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.dateparse import parse_date

from audit.actions import record
from audit.kinds import Kind
from customers.comparisons import Discrepancy, DiscrepancyState, Side
from customers.models import Customer
from customers.policies import NotAllowed, check_can_edit, check_person_may, reason_against
from provider.actions import want
from provider.models import CallKind, ProviderCall

State = DiscrepancyState
ANSWERS = "answers."


@transaction.atomic
def take_theirs(*, discrepancy: Discrepancy, by: User, seen: str = "") -> None:
    """Put the provider's value in place of ours. Raises NotAllowed."""
    check_may_decide(discrepancy, by)
    customer, row = lock(discrepancy, seen=seen)
    check_can_take(row)
    assert customer is not None  # noqa: S101 - check_can_take asked
    check_nothing_under_way(customer)
    _put(customer, row.values)
    _check_fits(customer, row)
    customer.save(update_fields=[*_columns(row.values), *(["id_number_hash"] if "id_number" in row.values else [])])
    row.settle(State.TAKEN, by=by)
    _record(Kind.DIFFERENCE_TAKEN, row, by=by)
    send_kept(customer, by=by)


@transaction.atomic
def keep_ours(*, discrepancy: Discrepancy, by: User, seen: str = "") -> None:
    """Keep ours: a customer's data are sent again, once its other differences are decided. Raises NotAllowed."""
    check_may_decide(discrepancy, by)
    customer, row = lock(discrepancy, seen=seen)
    if row.is_about_data:
        assert customer is not None  # noqa: S101 - a customer's field belongs to a customer
        check_can_edit(customer)
        check_nothing_under_way(customer)
        row.settle(State.TO_SEND, by=by)
    else:
        row.settle(State.KEPT, by=by)
    _record(Kind.DIFFERENCE_KEPT, row, by=by)
    if customer:
        send_kept(customer, by=by)


def lock(discrepancy: Discrepancy, *, seen: str) -> tuple[Customer | None, Discrepancy]:
    """Lock the customer, then the difference as it stands. Raises NotAllowed where it is decided, or shows another."""
    customers = Customer.objects.select_for_update(no_key=True)
    customer = customers.get(pk=discrepancy.customer_id) if discrepancy.customer_id else None
    row = Discrepancy.objects.select_for_update(no_key=True).get(pk=discrepancy.pk)
    if row.state != State.OPEN:
        raise NotAllowed(f"This is decided already: {row.get_state_display()}.")
    if seen and seen != row.version:
        raise NotAllowed("The values changed after this page was shown. Look at them again, then decide.")
    return customer, row


# --- What may be done


def check_may_decide(row: Discrepancy, by: User) -> None:
    """Officers decide on customers, admins on everything."""
    if by.has_perm("customers.decide_any_discrepancy"):
        return
    if row.record in (Side.CUSTOMER, Side.REQUEST):
        check_person_may(by, "customers.decide_discrepancy")
        return
    raise NotAllowed("An admin decides about this.")


def may_decide(row: Discrepancy, by: User) -> bool:
    return not reason_against(check_may_decide, row, by)


def check_can_take(row: Discrepancy) -> None:
    if not (row.is_about_data and row.values):
        raise NotAllowed("There is no value to take. Look closer, then leave it as it is.")


def check_nothing_under_way(customer: Customer) -> None:
    call = customer.open_calls().filter(kind=CallKind.UPDATE_CLIENT).first()
    if call:
        raise NotAllowed("This customer is being saved at CryptoMate. Decide once it has answered.")


# --- Writing


def _put(customer: Customer, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name.startswith(ANSWERS):
            customer.answers = {**customer.answers, name.removeprefix(ANSWERS): value}
        elif name == "birth_date":
            customer.birth_date = parse_date(str(value)) or customer.birth_date
        else:
            setattr(customer, name, value)


def _columns(values: dict[str, Any]) -> list[str]:
    return sorted({"answers" if name.startswith(ANSWERS) else name for name in values})


def _check_fits(customer: Customer, row: Discrepancy) -> None:
    """Raise NotAllowed where the provider's value is none that our form would take."""
    ours = {each.name for each in Customer._meta.get_fields()} - set(_columns(row.values))
    try:
        customer.clean_fields(exclude=ours)
    except ValidationError as error:
        raise NotAllowed(f"{row.label} cannot be taken: {' '.join(error.messages)} Correct it with Edit.") from error


def send_kept(customer: Customer, *, by: User | None = None) -> ProviderCall | None:
    """Send ours where somebody kept something and nothing is left to decide. Raises NotAllowed in a review."""
    rows = Discrepancy.objects.about_data().of(Side.CUSTOMER, str(customer.pk))
    kept = list(rows.filter(state=State.TO_SEND))
    if not kept or rows.open().exists():
        return None
    check_can_edit(customer)
    for row in kept:
        row.state = State.KEPT
        row.save(update_fields=["state"])
    return want(kind=CallKind.UPDATE_CLIENT, target=customer, customer_id=customer.pk, by=by or kept[0].decided_by)


def _record(kind: Kind, row: Discrepancy, *, by: User) -> None:
    record(
        kind=kind, by=by, customer_id=row.customer_id, subject=row,
        after={"record": row.get_record_display(), "field": row.label}, note=str(row),
    )  # fmt: skip
