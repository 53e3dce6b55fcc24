from collections.abc import Iterator
from dataclasses import dataclass

from django import template
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.template.context import RequestContext
from django.urls import NoReverseMatch, reverse

from customers.models import Mention
from people.approvals import acts_decided_by
from people.waiting import counted

register = template.Library()


@dataclass(frozen=True)
class Place:
    """One entry of the rail."""

    label: str
    url: str
    icon: str
    is_current: bool = False
    count: int = 0


# Label, icon, address, and the permissions of which any opens it (none: every signed-in person).
RAIL = (
    ("Queue", "queue", "desk:queue", ""),
    ("Customers", "people", "customers:list", "customers.view_customer"),
    ("Cards", "card", "cards:list", "cards.view_card"),
    ("Transactions", "transactions", "cards:transactions", "cards.view_transaction"),
    ("Events", "events", "webhooks:events", "webhooks.view_webhookevent"),
    ("Dashboard", "pulse", "desk:dashboard", "webhooks.view_webhookevent audit.view_event"),
    ("Reports", "chart", "desk:reports", "desk.view_reports"),
    ("Audit", "seal", "audit:index", "audit.view_event"),
)


@register.inclusion_tag("_nav.html", takes_context=True)
def nav(context: RequestContext) -> dict[str, list[Place]]:
    """Draw the rail: the places this person may open, with the present one marked."""
    request = context.get("request")
    return {"places": list(places(request)) if request else []}


def places(request: HttpRequest) -> Iterator[Place]:
    user: User | AnonymousUser = getattr(request, "user", AnonymousUser())
    if not user.is_authenticated:
        return
    for label, icon, name, permissions in RAIL:
        url = address(name)
        if url and (not permissions or any(map(user.has_perm, permissions.split()))):
            yield Place(label, url, icon, is_current=_is_inside(request.path, url))
        if name == "desk:queue":
            yield from _approvals(request, user)


def _approvals(request: HttpRequest, user: User | AnonymousUser) -> Iterator[Place]:
    """Yield the place of what waits for a second person, for people who may be that one where anybody needs one."""
    url = address("desk:approvals")
    waits = counted(user) if url and acts_decided_by(user) else None
    if waits is not None:
        yield Place("Approvals", url, "eye", is_current=_is_inside(request.path, url), count=waits)


@register.simple_tag
def address(name: str) -> str:
    """Return the address of the page called `name`, or nothing where this installation has no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@register.simple_tag
def unseen_mentions(user: User | AnonymousUser) -> int:
    """Return in how many notes the person is mentioned that they have not seen. One look into a short index."""
    return Mention.objects.of(user).unseen().count()


@register.simple_tag
def environment() -> bool:
    """Say whether this is the sandbox. A tag, because sign-in and error pages show it without a context."""
    return bool(settings.CRYPTOMATE_IS_SANDBOX)


@register.simple_tag
def idle() -> dict[str, int]:
    """Return after how many seconds without anybody doing anything a session ends, and how long before it says so."""
    return {"seconds": settings.IDLE_SECONDS, "warning": settings.IDLE_WARNING_SECONDS}


def _is_inside(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url)
