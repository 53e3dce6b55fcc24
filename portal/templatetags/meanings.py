"""What a status word is called on a page and what it means to the person reading it."""

WAITING, GOOD, BAD, UNKNOWN, NEUTRAL = "waiting", "good", "bad", "unknown", "neutral"

ICONS = {WAITING: "clock", GOOD: "check", BAD: "cross", UNKNOWN: "question", NEUTRAL: "dash"}

# Word as stored, in lower case: (label, meaning). A word that is not here is shown as it came.
STATUSES = {
    # customers and their requests
    "pending": ("Pending", WAITING),
    "active": ("Active", GOOD),
    "rejected": ("Rejected", BAD),
    "requested": ("Requested", WAITING),
    "pending_documentation": ("Waiting for data", WAITING),
    "in_kyc": ("In review", WAITING),
    "enabled": ("Enabled", GOOD),
    # documents and requirements
    "draft": ("Draft", NEUTRAL),
    "missing": ("Missing", WAITING),
    "uploaded": ("Uploaded", GOOD),
    "accepted": ("Accepted", GOOD),
    "satisfied": ("Supplied", GOOD),
    "superseded": ("Replaced", NEUTRAL),
    # cards
    "frozen": ("Frozen", NEUTRAL),
    "blocked": ("Blocked", BAD),
    "inactive": ("Inactive", NEUTRAL),
    "expired": ("Expired", NEUTRAL),
    "deleted": ("Deleted", NEUTRAL),
    # calls to the provider
    "wanted": ("Waiting to be sent", WAITING),
    "sent": ("Sent", WAITING),
    "done": ("Done", GOOD),
    "refused": ("Refused", BAD),
    "unknown": ("No answer yet", UNKNOWN),
    # purchases
    "authorized": ("Authorized", WAITING),
    "cleared": ("Cleared", GOOD),
    "declined": ("Declined", BAD),
    "reversed": ("Reversed", NEUTRAL),
    "reversal": ("Reversal", NEUTRAL),
    "refunded": ("Refunded", NEUTRAL),
    "refund": ("Refund", NEUTRAL),
    "approved": ("Approved", GOOD),
    # deliveries
    "received": ("Received", WAITING),
    "processed": ("Processed", GOOD),
    "handled": ("Handled", GOOD),
    "failed": ("Failed", BAD),
    "duplicate": ("Duplicate", NEUTRAL),
    "ignored": ("Ignored", NEUTRAL),
}

LEVELS = {"debug": NEUTRAL, "info": NEUTRAL, "success": GOOD, "warning": WAITING, "error": BAD}


def label_and_meaning(status: object) -> tuple[str, str]:
    """Read both from the status itself where it carries them, else from the table."""
    word = str(getattr(status, "value", status) or "")
    label, meaning = STATUSES.get(word.lower(), (word.replace("_", " ").capitalize(), NEUTRAL))
    return str(getattr(status, "label", label)), str(getattr(status, "meaning", meaning))
