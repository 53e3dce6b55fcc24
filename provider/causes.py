"""Which call an answer's effects come from, so that what it changed can be read beside it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_call: ContextVar[uuid.UUID | None] = ContextVar("call", default=None)


@contextmanager
def because_of(call_id: uuid.UUID) -> Iterator[None]:
    """Whatever is recorded inside came of this call's answer."""
    token = _call.set(call_id)
    try:
        yield
    finally:
        _call.reset(token)


def cause() -> uuid.UUID | None:
    return _call.get()
