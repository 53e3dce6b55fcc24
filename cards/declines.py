"""Why a purchase was declined, in words for the person on the phone (codes: contract section 7)."""

# Code: what happened, and what helps.
REASONS = {
    "M000": ("The provider gave no reason", "The cardholder can try again; then write to the provider"),
    "M101": ("The programme's holding wallet was short", "Tell an officer: the holding wallet needs money"),
    "M102": ("The card's balance was too low", "The cardholder can top the card up and try again"),
    "M201": ("The daily limit would have been passed", "It frees up within 24 hours, or an officer raises the limit"),
    "M202": ("The weekly limit would have been passed", "It frees up within 7 days, or an officer raises the limit"),
    "M203": ("The monthly limit would have been passed", "It frees up within 30 days, or an officer raises the limit"),
    "M204": ("The amount is above what one operation may cost", "The cardholder can split the purchase"),
    "M210": ("A velocity rule stopped it and the card", "Check the purchases with the cardholder, then unfreeze it"),
    "M211": ("The risk engine stopped it", "Check the purchase with the cardholder, then they can try again"),
    "M212": ("The data of the purchase failed verification", "The cardholder can try again, with the card in hand"),
    "M213": ("A velocity rule stopped it; the card still works", "The cardholder can try again in a few minutes"),
    "M214": ("The limit per transaction would have been passed", "An officer can raise the limit"),
    "C010": ("It was not answered in time", "The cardholder can try again; if it happens again, tell an admin"),
    "C011": ("This kind of merchant is on your blocklist", "The purchase cannot be made with this card"),
    "C012": ("The PIN was wrong", "The cardholder can try again with the right PIN"),
    "C020": ("It could not be processed", "The cardholder can try again in a few minutes"),
    "C101": ("The security code was wrong too often; the card is blocked", "Write to the provider to release the card"),
    "C102": ("The security code was wrong", "The cardholder can check the three digits and try again"),
    "C103": ("This kind of merchant is a high risk", "The purchase cannot be made with this card"),
}  # fmt: skip


# The provider's one code for whatever could not be processed; how the card stood here then says more.
BROAD = "C020"
WHEN_HELD = {
    "FROZEN": ("The card was frozen", "Unfreeze the card, then the cardholder can try again"),
    "BLOCKED": ("The card was blocked", "Write to the provider to release the card"),
    "EXPIRED": ("The card was expired", "The cardholder needs another card"),
    "DELETED": ("The card was deleted", "The cardholder needs another card"),
}


def in_words(code: str, description: str, status: str = "") -> str:
    """Return why in our words, in the provider's where we have none, or an empty string.

    `status` is how the card stood here at the time.
    """
    known = _known(code, status)
    return known[0] if known else description or (f"The provider gave the code {code}" if code else "")


def what_helps(code: str, status: str = "") -> str:
    known = _known(code, status)
    return known[1] if known else ""


def _known(code: str, status: str) -> tuple[str, str] | None:
    code = code.upper()
    return (code == BROAD and WHEN_HELD.get(status)) or REASONS.get(code)
