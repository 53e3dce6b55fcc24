"""Fill the sandbox with clients whose request is in review: `python -m sandbox.crowd 10000`.

Each follows from its number, so that whoever measures something against them knows their ids without asking.
"""

import argparse
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime

import django

from sandbox.database import create_if_missing

BLOCK = 2000  # rows that travel together
SUBMITTED_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ADDRESS = {
    "street_line1": "Florida 9860", "street_line2": None, "city": "Del Viso", "postal_code": "1669",
    "state": "ARG-B", "country": "ARG",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.crowd", description=__doc__)
    parser.add_argument("clients", type=int)
    asked = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"
    django.setup()
    create_if_missing()
    _fill(asked.clients)


def _fill(count: int) -> None:
    from django.core.management import call_command

    from sandbox.models import Client, EnablementRequest

    call_command("migrate", verbosity=0)
    for numbers in _blocks(count):
        Client.objects.bulk_create(
            Client(
                id=f"crowdclient{number:021}",
                first_name="Crowd",
                last_name=f"Number {number}",
                email=f"crowd.{number}@example.com",
                birth_date=date(1990, 5, 17),
                address=ADDRESS,
            )
            for number in numbers
        )
        EnablementRequest.objects.bulk_create(
            EnablementRequest(
                id=f"crowdrequest{number:020}",
                client_id=f"crowdclient{number:021}",
                status="in_kyc",
                submitted_at=SUBMITTED_AT,
            )
            for number in numbers
        )


def _blocks(count: int) -> Iterator[range]:
    for first in range(0, count, BLOCK):
        yield range(first, min(first + BLOCK, count))


if __name__ == "__main__":
    main()
