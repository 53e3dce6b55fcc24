"""What an officer types into the forms."""

import uuid
from typing import Any

MARIA_TYPED: dict[str, Any] = {
    "first_name": "Maria", "second_name": "Julia", "last_name": "Barber", "email": "mjuliabarber@example.com",
    "birth_date": "1984-11-21", "country": "ARG", "state": "ARG-B", "street_line1": "Florida 9860", "city": "Del Viso",
    "postal_code": "1669",
}  # fmt: skip
CARDS_TYPED: dict[str, Any] = {
    "individual_cards": "on", "gender": "FEMALE", "id_type": "PASSPORT", "id_number": "AB1234567",
    "occupation": "Architect", "annual_salary": "25000-50000", "account_purpose": "travel",
    "expected_monthly_volume": "500-2000",
}  # fmt: skip


def typed(**changes: Any) -> dict[str, Any]:
    """Return a whole registration form as a browser sends it; a change to None leaves the field out."""
    answers = {"id": str(uuid.uuid4()), **MARIA_TYPED, **CARDS_TYPED, **changes}
    return {name: value for name, value in answers.items() if value is not None}
