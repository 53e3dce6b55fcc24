"""Customers who may be the person that is being registered."""

import uuid
from datetime import date

from customers.models import Customer, normal_id_number
from vault.cipher import keyed_hashes


def same_email_and_birth(email: str, birth_date: date, *, but: uuid.UUID | None = None) -> Customer | None:
    found = Customer.objects.filter(email__iexact=email, birth_date=birth_date).exclude(pk=but)
    return found.newest_first().first()


def same_id_number(number: str, *, but: uuid.UUID | None = None) -> Customer | None:
    hashes = keyed_hashes(normal_id_number(number), purpose="id_number")
    return Customer.objects.filter(id_number_hash__in=hashes).exclude(pk=but).newest_first().first()
