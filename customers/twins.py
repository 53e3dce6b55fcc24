"""Customers who may be the person that is being registered."""

import uuid
from datetime import date

from customers.models import Customer, CustomerQuerySet, normal_id_number
from vault.cipher import keyed_hashes


def same_email_and_birth(email: str, birth_date: date, *, but: uuid.UUID | None = None) -> Customer | None:
    return _others(but).filter(email__iexact=email, birth_date=birth_date).first()


def same_id_number(number: str, *, but: uuid.UUID | None = None) -> Customer | None:
    hashes = keyed_hashes(normal_id_number(number), purpose="id_number")
    return _others(but).filter(id_number_hash__in=hashes).first()


def _others(but: uuid.UUID | None) -> CustomerQuerySet:
    newest_first = Customer.objects.newest_first()
    return newest_first.exclude(pk=but) if but else newest_first
