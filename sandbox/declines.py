"""Why a purchase is declined, in the provider's codes."""

REASONS = {
    "M000": "Declined for an unknown reason",
    "M101": "Declined due to insufficient holding wallet balance",
    "M102": "Declined due to insufficient card balance",
    "M201": "Declined due to the daily limit",
    "M202": "Declined due to the weekly limit",
    "M203": "Declined due to the monthly limit",
    "M204": "Declined due to the limit per operation",
    "M210": "Declined by a velocity rule. The card was blocked",
    "M211": "Declined by the risk engine",
    "M212": "Declined because the authorization data failed verification",
    "M213": "Declined by a velocity rule",
    "M214": "Declined due to the limit per transaction",
    "C010": "Declined because the authorization was not answered in time",
    "C011": "Declined because the merchant category is blocked",
    "C012": "Declined due to a wrong PIN",
    "C020": "Declined because the operation could not be processed",
    "C101": "Declined after too many wrong CVV. The card was blocked",
    "C102": "Declined due to a wrong CVV",
    "C103": "Declined because the merchant category is high-risk",
}


def in_rest(code: str) -> dict[str, str] | None:
    if not code:
        return None
    sentence = REASONS.get(code, REASONS["M000"])
    return {"code": code, "simple_reason": sentence, "detailed_reason": sentence}


def in_webhook(code: str) -> dict[str, str] | None:
    reason = in_rest(code)
    return reason and {"response_code": code, "description": reason["simple_reason"], **reason}
