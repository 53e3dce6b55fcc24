"""Where the code that is running now was called from, so that no action has to be told."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from audit.kinds import Source


@dataclass(frozen=True)
class Origin:
    source: str = Source.COMMAND
    ip: str | None = None
    request_id: str = ""


_COMMAND_LINE = Origin()
_origin: ContextVar[Origin] = ContextVar("audit_origin", default=_COMMAND_LINE)


def current_origin() -> Origin:
    return _origin.get()


@contextmanager
def acting_as(*, source: str, ip: str | None = None, request_id: str = "") -> Iterator[None]:
    """Mark what is recorded inside as coming through `source`; what is not given stays as it was."""
    before = _origin.get()
    token = _origin.set(
        replace(before, source=Source(source), ip=ip or before.ip, request_id=request_id or before.request_id)
    )
    try:
        yield
    finally:
        _origin.reset(token)
