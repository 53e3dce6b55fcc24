"""Customers as they are searched: by words of a name, e-mail, phone, ids and ID number. Each way has an index."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import and_, or_
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.actions import record
from audit.kinds import Kind
from audit.models import Event
from customers.models import (
    NATIONAL_PHONE,
    WHOLE_PHONE,
    Customer,
    CustomerQuerySet,
    EnablementRequest,
    normal_id_number,
)
from customers.name_words import meant_by, words_of
from customers.policies import check_person_may

MOST_WORDS = 6
SHORTEST_ID_NUMBER = 4
ONE_SEARCH = timedelta(minutes=10)


@dataclass(frozen=True)
class Way:
    """A way to find customers: the condition, and whether what it finds is only near to what was typed."""

    condition: Q
    is_near: bool = False


def by_name(typed: str) -> Iterator[Way]:
    """Return the ways to find a name, the closest first: by its words in any order, by their beginnings, by near words.

    They are asked one after the other, so that the best come first without sorting all that is found.
    """
    words = words_of(typed)[:MOST_WORDS]
    if not words:
        return
    yield Way(_all_of([[f" {word} "] for word in words]))
    yield Way(_all_of([[f" {word}"] for word in words]))
    meant = [meant_by(word) for word in words]
    if any(meant):
        near = [[f" {word}", *(f" {other} " for other in others)] for word, others in zip(words, meant, strict=True)]
        yield Way(_all_of(near), is_near=True)


def _all_of(wanted: list[list[str]]) -> Q:
    return reduce(and_, [reduce(or_, [Q(search_name__contains=part) for part in each]) for each in wanted])


def by_email(typed: str, *, whole: bool) -> Iterator[Way]:
    """Return how to find an address; `whole` for people who may not see one, and could guess it part by part."""
    yield Way(Q(email__iexact=typed))
    if not whole:
        yield Way(Q(email__istartswith=typed))


def by_phone(digits: str, *, whole: bool) -> Iterator[Way]:
    """Return how to find a number, typed with its country's code or without, with the zeros some dial before it."""
    number = digits.lstrip("0")
    lookup = "exact" if whole else "startswith"
    for name in ("whole_phone", "national_phone"):
        yield Way(Q(**{f"{name}__{lookup}": number}))


def searchable() -> CustomerQuerySet:
    return Customer.objects.alias(whole_phone=WHOLE_PHONE, national_phone=NATIONAL_PHONE)


def by_ids(typed: str, pk: UUID | None) -> dict[UUID, str]:
    """Return the customers that the provider's or our own id names, each with whose id it is."""
    customers = Customer.objects.filter(Q(pk=pk) if pk else Q(api_id=typed))
    requests = EnablementRequest.objects.filter(Q(pk=pk) if pk else Q(api_id=typed))
    found = dict.fromkeys(requests.values_list("customer_id", flat=True), "Request id")
    return found | dict.fromkeys(customers.values_list("pk", flat=True), "Customer id")


@transaction.atomic
def find_by_id_number(typed: str, *, by: User) -> list[UUID]:
    """Return the customers with this ID number, whole. That the person learned whose it is goes on record.

    Once in ten minutes for each customer, without the number: the box asks while somebody types. Raises NotAllowed.
    """
    check_person_may(by, "customers.view_customer")
    if len(normal_id_number(typed)) < SHORTEST_ID_NUMBER:
        return []
    found = list(Customer.objects.with_id_number(typed))
    for customer in found:
        if not _found_lately(customer, by):
            record(kind=Kind.FOUND_BY_ID_NUMBER, by=by, customer_id=customer.pk, subject=customer)
    return [customer.pk for customer in found]


def _found_lately(customer: Customer, by: User) -> bool:
    finds = Event.objects.about_customer(customer.pk).of_kind(Kind.FOUND_BY_ID_NUMBER).filter(actor_id=by.pk)
    return finds.since(timezone.now() - ONE_SEARCH).exists()
