"""Why a purchase was declined, in words for the person on the phone (codes: contract section 7)."""

from dataclasses import dataclass, replace
from enum import StrEnum

from cards.authorizations import Reason


class Who(StrEnum):
    """Whose decision it was that a purchase is declined."""

    OUR_RULE = "Our rule"
    OUR_FAULT = "We were late or at fault"
    LIMIT = "A limit at CryptoMate"
    CARD = "The card’s status"
    CHECK = "A check at CryptoMate"
    CARDHOLDER = "What the cardholder entered"
    NETWORK = "CryptoMate or the network"


@dataclass(frozen=True)
class Words:
    """What happened and what helps, for the agent; then for the cardholder: “… was declined because”, and advice.

    What the cardholder is told says nothing about our money, nor about how a risk is found.
    """

    what: str
    helps: str
    who: Who
    because: str
    advice: str = "Please try again. If it is declined once more, tell us."


AGAIN = "Please try again in a few minutes."
ELSEWHERE = "Please use another way to pay there."
NOT_OUR_CARD = "Please ask us for another card."
TO_OUR_SHAME = "a temporary problem on our side kept us from approving it"
MANY = "there were many purchases within a short time"
KIND = "purchases of this kind cannot be made with this card"
TOO_LOW = "the card’s balance was too low"
TOP_UP = "Please top the card up, then try again."


def _limit(name: str, time: str) -> Words:
    return Words(
        f"The {name} limit would have been passed",
        f"It frees up within {time}, or an officer raises the limit",
        Who.LIMIT,
        f"it would have passed the card’s {name} limit",
        "A smaller purchase may pass.",
    )


REASONS = {
    "M000": Words(
        "The provider gave no reason", "The cardholder can try again; then write to the provider", Who.NETWORK,
        "it could not be approved",
    ),
    "M101": Words(
        "The programme's holding wallet was short", "Tell an officer: the holding wallet needs money", Who.LIMIT,
        TO_OUR_SHAME, "We are looking into it. Please try again later.",
    ),
    "M102": Words(
        "The card's balance was too low", "The cardholder can top the card up and try again", Who.LIMIT, TOO_LOW, TOP_UP
    ),
    "M201": _limit("daily", "24 hours"),
    "M202": _limit("weekly", "7 days"),
    "M203": _limit("monthly", "30 days"),
    "M204": Words(
        "The amount is above what one operation may cost", "The cardholder can split the purchase", Who.LIMIT,
        "it cost more than one purchase may", "Please ask the merchant to split it.",
    ),
    "M210": Words(
        "A velocity rule stopped it and the card", "Check the purchases with the cardholder, then unfreeze it",
        Who.CHECK, f"{MANY}, and the card was stopped to protect you", "Please tell us whether you made them all.",
    ),
    "M211": Words(
        "The risk engine stopped it", "Check the purchase with the cardholder, then they can try again", Who.CHECK,
        "it could not be approved", "Please tell us whether it was you, then try again.",
    ),
    "M212": Words(
        "The data of the purchase failed verification", "The cardholder can try again, with the card in hand",
        Who.CARDHOLDER, "the card details could not be verified", "Please check them, then try again.",
    ),
    "M213": Words(
        "A velocity rule stopped it; the card still works", "The cardholder can try again in a few minutes", Who.CHECK,
        MANY, AGAIN,
    ),
    "M214": Words(
        "The limit per transaction would have been passed", "An officer can raise the limit", Who.LIMIT,
        "it cost more than one purchase with this card may", "A smaller purchase may pass.",
    ),
    "C010": Words(
        "It was not answered in time", "The cardholder can try again; if it happens again, tell an admin",
        Who.OUR_FAULT, TO_OUR_SHAME,
    ),
    "C011": Words(
        "This kind of merchant is on your blocklist", "The purchase cannot be made with this card", Who.CHECK, KIND,
        ELSEWHERE,
    ),
    "C012": Words(
        "The PIN was wrong", "The cardholder can try again with the right PIN", Who.CARDHOLDER, "the PIN was wrong",
        "Please try again with the right one.",
    ),
    "C020": Words(
        "It could not be processed", "The cardholder can try again in a few minutes", Who.NETWORK,
        "it could not be processed", AGAIN,
    ),
    "C101": Words(
        "The security code was wrong too often; the card is blocked", "Write to the provider to release the card",
        Who.CARDHOLDER, "the security code was wrong too often, and the card was stopped to protect you",
        "We are looking into its release.",
    ),
    "C102": Words(
        "The security code was wrong", "The cardholder can check the three digits and try again", Who.CARDHOLDER,
        "the security code was wrong", "Please check the three digits, then try again.",
    ),
    "C103": Words(
        "This kind of merchant is a high risk", "The purchase cannot be made with this card", Who.CHECK, KIND, ELSEWHERE
    ),
}  # fmt: skip

VELOCITY = ("M210", "M213")

# The provider's one code for whatever could not be processed; how the card stood here then says more.
BROAD = "C020"
WHEN_HELD = {
    "FROZEN": Words(
        "The card was frozen", "Unfreeze the card, then the cardholder can try again", Who.CARD, "the card was frozen",
        "Please tell us if you want to use it again.",
    ),
    "BLOCKED": Words(
        "The card was blocked", "Write to the provider to release the card", Who.CARD, "the card was blocked",
        "We are looking into its release.",
    ),
    "EXPIRED": Words(
        "The card was expired", "The cardholder needs another card", Who.CARD, "the card had expired", NOT_OUR_CARD
    ),
    "DELETED": Words(
        "The card was deleted", "The cardholder needs another card", Who.CARD, "the card had been closed", NOT_OUR_CARD
    ),
}  # fmt: skip


def _ours(code: str) -> Words:
    return replace(REASONS[code], who=Who.OUR_RULE)


def _fault(what: str) -> Words:
    return Words(what, "The cardholder can try again; if it happens again, tell an admin", Who.OUR_FAULT, TO_OUR_SHAME)


# What we answered ourselves, whatever code the provider made of it.
OURS = {
    Reason.CARD_UNKNOWN: Words(
        "The card is not known here", "Tell an officer: CryptoMate has a card that the portal does not know",
        Who.OUR_RULE, "the card could not be used",
    ),
    Reason.CARD_NOT_ACTIVE: Words(
        "The card was not active", "See how it stands now", Who.OUR_RULE, "the card could not be used at that time",
        "Please tell us if you want to use it again.",
    ),
    Reason.CUSTOMER_NOT_ACTIVE: Words(
        "The customer was not active", "An officer can say what is missing", Who.OUR_RULE,
        "the account is not open for purchases", "We will tell you what is missing.",
    ),
    Reason.TRANSACTION_LIMIT: _ours("M214"),
    Reason.DAILY_LIMIT: _ours("M201"),
    Reason.WEEKLY_LIMIT: _ours("M202"),
    Reason.MONTHLY_LIMIT: _ours("M203"),
    Reason.CARD_SHORT: _ours("M102"),
    Reason.HOLDING_SHORT: _ours("M101"),
    Reason.TOO_FREQUENT: _ours("M210"),
    Reason.BAD_AMOUNT: Words(
        "The amount could not be read, or was not in US dollars", "Write to the provider if it happens again",
        Who.OUR_RULE, "the amount could not be read",
    ),
    Reason.TOO_LATE: _fault("The question reached us too late"),
    Reason.CARD_LOCKED: _fault("We could not answer in time: something else was happening with the card"),
    Reason.DATABASE_SLOW: _fault("Our database was too slow"),
    Reason.DATABASE_SILENT: _fault("Our database did not answer"),
    Reason.DATABASE_AWAY: _fault("Our database could not be reached"),
    Reason.OUR_FAULT: _fault("The portal stumbled over it"),
}  # fmt: skip


def words_of(code: str, description: str = "", status: str = "") -> Words:
    """Return why in our words, in the provider's where we have none.

    `status` is how the card stood here at the time.
    """
    code = code.upper()
    known = (code == BROAD and WHEN_HELD.get(status)) or REASONS.get(code)
    what = description or (f"The provider gave the code {code}" if code else "")
    return known or Words(what, "", Who.NETWORK, "it could not be approved")
