import pytest

from vault.masking import in_all_text, mask_email, mask_number, mask_text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Client jane.doe+1@mail.example.com exists", "Client j•••@mail.example.com exists"),
        ("Born 1984-11-21, or 21/11/1984", "Born ••••, or ••••"),
        ("Number AB1234567 is taken", "Number •••• 567 is taken"),
        ("Call +54 11 6886-0622 now", "Call •••• 622 now"),
        ("A maximum of 5 cards, 12500.00 USD, code 05", "A maximum of 5 cards, 12500.00 USD, code 05"),
        ("The passport photo is blurry.", "The passport photo is blurry."),
    ],
)
def test_what_looks_like_somebodys_is_masked_and_the_rest_stays(said: str, shown: str) -> None:
    assert mask_text(said) == shown


def test_an_address_and_a_number_keep_what_tells_them_apart() -> None:
    assert mask_email("maria@example.com") == "m•••@example.com"
    assert (mask_number("AB1234567"), mask_number("12345")) == ("•••• 567", "••••")


def test_every_text_in_a_structure_is_masked_and_its_shape_stays() -> None:
    assert in_all_text({"a": ["x@y.example", 7, None], "b": {"c": True}}, mask_text) == {
        "a": ["x•••@y.example", 7, None], "b": {"c": True},
    }  # fmt: skip
