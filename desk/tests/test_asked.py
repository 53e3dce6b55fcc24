from decimal import Decimal

import pytest

from desk.asked import Asked, Unclear, readings, tidy


@pytest.mark.parametrize(
    ("typed", "meanings"),
    [
        ("", []),
        ("maria garcia", [Asked(name="maria garcia"), Asked(merchant="maria garcia")]),
        ("maria@", [Asked(email="maria@")]),
        ("4242", [Asked(card="4242")]),
        ("$42.5", [Asked(amount=Decimal("42.5"))]),
        ("12,345 eur", [Asked(amount=Decimal(12345))]),
        ("22200", [Asked(phone="22200"), Asked(id="22200")]),
        ("maria 4242", [Asked(name="maria", card="4242")]),
        ("maria NAME: ana card:4242", [Asked(name="ana", card="4242")]),
        ("amount: 42 merchant: acme coffee", [Asked(amount=Decimal(42), merchant="acme coffee")]),
        ("surname: garcia", [Asked(name="surname: garcia"), Asked(merchant="surname: garcia")]),
    ],
)
def test_what_is_typed_is_read_as_what_it_can_mean(typed: str, meanings: list[Asked]) -> None:
    assert readings(typed) == meanings


@pytest.mark.parametrize(
    "typed", ["m", "12", "card: 123", "phone: abcdef", "amount: x", "id: 1", "email: a", "merchant:"]
)
def test_too_little_is_said_to_be_too_little(typed: str) -> None:
    with pytest.raises(Unclear, match=r"^Type "):
        readings(typed)


def test_a_card_number_is_not_kept_and_other_numbers_are() -> None:
    assert tidy("card: 4000001234567899") == "card: •••• 7899"
    assert tidy("+521234567890123456 \n 52 222 000 1234") == "+521234567890123456 52 222 000 1234"
