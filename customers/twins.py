"""Customers who may be the person that is being registered."""

import uuid
from datetime import date

from customers.models import Customer, CustomerQuerySet


def same_email_and_birth(email: str, birth_date: date, *, but: uuid.UUID | None = None) -> Customer | None:
    return _others(but).filter(email__iexact=email, birth_date=birth_date).first()


def same_id_number(number: str, *, but: uuid.UUID | None = None) -> Customer | None:
    return _others(but).with_id_number(number).first()


def _others(but: uuid.UUID | None) -> CustomerQuerySet:
    newest_first = Customer.objects.newest_first()
    return newest_first.exclude(pk=but) if but else newest_first
