"""Individual cards: /cards/individual-cards."""

import re
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from sandbox import card_numbers, switches
from sandbox.api.clients import locked_client, save_client
from sandbox.errors import ApiError, bad_request, business_rule, missing_value, not_found, respond, value_not_allowed
from sandbox.models import Card, Challenge, Client
from sandbox.payloads import Fields, read
from sandbox.records import card_record

LIMITS = ("daily_limit", "weekly_limit", "monthly_limit", "per_transaction_limit")
STATUSES = ("ACTIVE", "FROZEN", "INACTIVE", "DELETED", "EXPIRED")
TYPES = ("Virtual", "Physical")
LONGEST_NAME = 27
VALID_YEARS = 3
HOLDER_KEYS = ("first_name", "last_name", "email", "phone_country_code", "phone_number")


def find_card(card_id: str) -> Card:
    card = Card.objects.filter(id=card_id).first()
    if card is None:
        raise not_found("Card not found")
    return card


def locked_card(card_id: str) -> Card:
    find_card(card_id)
    return Card.objects.select_for_update().get(id=card_id)


def create_card(request: HttpRequest) -> HttpResponse:
    body = read(request, known=("client_id", "card_holder_name", "approval_method", *LIMITS))
    if body.values.get("client_id") is None:
        raise missing_value("clientId must not be null")
    if body.values.get("card_holder_name") is None:
        raise missing_value("cardHolderName must not be null")
    holder = _holder_name(body)
    limits = read_limits(body)
    approval_method = body.choice("approval_method", ("TOPUP", "WEBHOOK"), default="TOPUP")
    client = locked_client(body.text("client_id"))
    _check_may_have_card(client)
    return respond(card_record(_issue(client, holder, approval_method, limits)), status=201)


def _holder_name(body: Fields) -> str:
    name = body.text("card_holder_name")
    if len(name) > LONGEST_NAME:
        raise business_rule(f"cardHolderName must have at most {LONGEST_NAME} characters")
    if not re.fullmatch(r"[A-Za-z]+( +[A-Za-z]+)*", name):
        raise business_rule("cardHolderName must contain only letters and spaces")
    return name.upper()


def read_limits(body: Fields) -> dict[str, Decimal | None]:
    limits = {name: body.optional_amount(name) for name in LIMITS}
    for name, limit in limits.items():
        if limit is not None and limit < 0:
            raise bad_request(f"{name} cannot be negative")
        if limit is not None and limit >= 10**9:
            raise bad_request(f"{name} is too large")
    return limits


def _check_may_have_card(client: Client) -> None:
    if client.status != "active" or not client.requests.filter(status="enabled").exists():
        raise business_rule("The client is not active for this product")
    alive = ~Q(status="DELETED")
    cap = switches.value_of("card_cap")
    if client.cards.filter(alive).count() >= cap:
        raise business_rule(
            f"This client already has the maximum of {cap} cards. Cancel one of them to create a new one."
        )
    quota = switches.value_of("card_quota")
    if quota is not None and Card.objects.filter(alive).count() >= quota:
        raise business_rule("The current limit for this product has been reached. Please increase the limit.")


def _issue(client: Client, holder: str, approval_method: str, limits: dict[str, Decimal | None]) -> Card:
    card_id = f"icard_{uuid4()}"
    expires = timezone.now() + timedelta(days=365 * VALID_YEARS)
    return Card.objects.create(
        id=card_id,
        client=client,
        rain_card_id=f"rain_{uuid4()}",
        last4=card_numbers.pan(card_id)[-4:],
        expiration_month=expires.month,
        expiration_year=expires.year,
        card_holder_name=holder,
        approval_method=approval_method,
        **limits,
    )


def get_card(request: HttpRequest, card_id: str) -> HttpResponse:
    return respond(card_record(find_card(card_id)))


def search_cards(request: HttpRequest) -> HttpResponse:
    page, size = _whole(request, "page", 0), _whole(request, "size", 10)
    if size < 1:
        raise bad_request("size must be greater than 0")
    found = _filtered(request)
    total = found.count()
    cards = found.order_by("-created_at", "id")[page * size : (page + 1) * size]
    content = [card_record(card, in_search=True) for card in cards]
    return respond(
        {"content": content, "page": page, "size": size, "total_elements": total, "total_pages": -(-total // size)}
    )


def _whole(request: HttpRequest, name: str, default: int) -> int:
    value = request.GET.get(name, str(default))
    if not value.isdecimal():
        raise bad_request(f"{name} must be a number from 0")
    return int(value)


def _filtered(request: HttpRequest) -> QuerySet[Card]:
    statuses, types = request.GET.getlist("status"), request.GET.getlist("type")
    search_type = request.GET.get("search_type")
    if set(statuses) - set(STATUSES) or set(types) - set(TYPES) or search_type not in (None, "CLIENT_ID", "LAST4"):
        raise value_not_allowed()
    wanted = Q(status__in=statuses or STATUSES, type__in=types or TYPES)
    if client_id := request.GET.get("client_id"):
        wanted &= Q(client_id=client_id)
    if search_type and (text := request.GET.get("search_text")):
        wanted &= Q(client_id=text) if search_type == "CLIENT_ID" else Q(last4=text)
    return Card.objects.filter(wanted)


def delete_card(request: HttpRequest, card_id: str) -> HttpResponse:
    card = locked_card(card_id)
    card.status = "DELETED"
    card.save(update_fields=["status"])
    return respond(card_record(card))


def set_frozen(request: HttpRequest, card_id: str) -> HttpResponse:
    card = locked_card(card_id)
    freeze = read(request, known=("freeze",)).flag("freeze")
    if card.status not in ("ACTIVE", "FROZEN"):
        raise business_rule(f"A card that is {card.status} cannot be frozen or unfrozen")
    if card.status == "FROZEN" and not freeze:
        # Unfreezing starts the velocity count anew, or the next purchase would freeze the card again.
        card.velocity_reset_at = timezone.now()
    card.status = "FROZEN" if freeze else "ACTIVE"
    card.save(update_fields=["status", "velocity_reset_at"])
    return respond({})


def set_limits(request: HttpRequest, card_id: str) -> HttpResponse:
    """Replace every limit: what is left out is removed."""
    card = locked_card(card_id)
    for name, limit in read_limits(read(request, known=LIMITS)).items():
        setattr(card, name, limit)
    card.save(update_fields=LIMITS)
    return respond(card_record(card))


def get_pan(request: HttpRequest, card_id: str) -> HttpResponse:
    card = find_card(card_id)
    answer = respond({"pan": card_numbers.pan(card.id), "cvc": card_numbers.cvc(card.id)})
    answer["Cache-Control"] = "no-store"
    return answer


def set_pin(request: HttpRequest, card_id: str) -> HttpResponse:
    find_card(card_id)
    pin = read(request, known=("pin",)).values.get("pin")
    if not isinstance(pin, str) or not re.fullmatch(r"[0-9]{4,12}", pin):
        raise ApiError(400, "VAL", "PIN must be 4 to 12 digits")
    return respond({})


def update_holder(request: HttpRequest, card_id: str) -> HttpResponse:
    """Change the client behind the card, and so the holder of all its cards; what is left out stays."""
    card = find_card(card_id)
    body = read(request, known=HOLDER_KEYS)
    given = {
        "first_name": body.optional_text("first_name", longest=50),
        "last_name": body.optional_text("last_name", longest=50),
        "email": body.email("email") if body.values.get("email") is not None else None,
        "phone_country_code": body.optional_integer("phone_country_code", digits=3),
        "phone_number": body.optional_integer("phone_number", digits=15),
    }
    client = locked_client(card.client_id) if card.client_id else None
    if client is None or client.status != "active":
        raise bad_request("The card holder's enrollment with the card issuer is not active; its data cannot be updated")
    for name, value in given.items():
        setattr(client, name, getattr(client, name) if value is None else value)
    save_client(client)
    return HttpResponse(status=204)


def list_types(request: HttpRequest) -> HttpResponse:
    return respond([{"code": "virtual", "description": "Virtual Card"}])


def list_limit_frequencies(request: HttpRequest) -> HttpResponse:
    return respond(
        [
            {"code": "per30DayPeriod", "description": "Monthly (30 days)"},
            {"code": "perDay", "description": "Daily"},
        ]
    )


def respond_to_challenge(request: HttpRequest, card_id: str) -> HttpResponse:
    card = locked_card(card_id)
    body = read(request, known=("challenge_id", "approve"))
    challenge_id, approve = body.text("challenge_id"), body.flag("approve")
    challenge = _find_challenge(card, challenge_id)
    wanted = "APPROVED" if approve else "DENIED"
    status = _decide(challenge, wanted)
    return respond({"challenge_id": challenge_id, "approve": approve, "status": status})


def _find_challenge(card: Card, challenge_id: str) -> Challenge:
    try:
        found = card.challenges.filter(id=UUID(challenge_id)).first()
    except ValueError:
        found = None
    if found is None:
        raise not_found(f"3DS challenge {challenge_id} was not found")
    return found


def _decide(challenge: Challenge, wanted: str) -> str:
    if challenge.status == wanted:
        return "ALREADY_PROCESSED"
    if challenge.status != "PENDING" or challenge.expires_at <= timezone.now():
        raise ApiError(412, "CHALLENGE_DECISION_CONFLICT", f"3DS challenge {challenge.id} was already decided")
    challenge.status = wanted
    challenge.save(update_fields=["status"])
    return wanted
