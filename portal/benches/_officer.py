"""Makes an officer with customers whose passport is wanted; prints a session and the customers as JSON.

A program, so that it works in the database its environment names.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client

from cryptomate.testing import passport_requirement
from customers.tests.making import make_customer, make_request
from portal.benches._processes import ROOT


def make_officer(env: Mapping[str, str], *, customers: int) -> dict[str, Any]:
    """Return the cookie of a signed-in officer and the keys of this many customers."""
    command = [sys.executable, "-m", "portal.benches._officer", str(customers)]
    said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True)  # noqa: S603 - ourselves
    made: dict[str, Any] = json.loads(said.stdout)
    return made


def main() -> None:
    officer = User.objects.create_user("officer")
    officer.groups.add(Group.objects.get(name="Officer"))
    browser = Client()
    browser.force_login(officer)
    cookie = settings.SESSION_COOKIE_NAME
    keys = [_customer(number) for number in range(int(sys.argv[1]))]
    json.dump({"cookie": f"{cookie}={browser.cookies[cookie].value}", "customers": keys}, sys.stdout)


def _customer(number: int) -> str:
    customer = make_customer(api_id=f"client-{number}", email=f"customer-{number}@example.com")
    make_request(customer, missing={"documents": [passport_requirement()], "data": []})
    return str(customer.pk)


if __name__ == "__main__":
    main()
