"""Registers customers at the running portal, and looks what became of them there and at the provider."""

import re
from typing import Any

from portal.testing import Stack
from portal.tests.visitor import MARIA, Visitor

REGISTRATION = {"method": "POST", "path": "/management/clients/individuals", "times": 1}


def register(visitor: Visitor, email: str, **more: Any) -> str:
    """Register a customer and return the path of the page that follows."""
    answer = visitor.send("/customers/new/", {**MARIA, "email": email, **more})
    assert answer.ok, answer.text
    path = answer.url.removeprefix(visitor.url)
    assert re.fullmatch(r"/customers/[0-9a-f-]{36}/", path), answer.text
    return path


def clients(stack: Stack, email: str) -> int:
    return sum(client["email"] == email for client in stack.console("GET", "state")["clients"])


def call_state(stack: Stack, path: str, kind: str = "REGISTER_CLIENT") -> str:
    found = stack.rows(
        "SELECT state FROM provider_providercall WHERE kind = %s AND customer_id = %s", kind, path.split("/")[2]
    )
    return str(found[0][0]) if found else ""


def is_registered(stack: Stack, path: str) -> bool:
    return bool(stack.rows("SELECT 1 FROM customers_customer WHERE id = %s AND api_id IS NOT NULL", path.split("/")[2]))


def let_the_lease_run_out(stack: Stack) -> None:
    stack.change("UPDATE provider_providercall SET next_attempt_at = now() WHERE state IN ('SENT', 'UNKNOWN')")
