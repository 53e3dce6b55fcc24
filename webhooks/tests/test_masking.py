from webhooks.masking import MASK, mask
from webhooks.tests.making import captured


def test_what_no_list_names_is_masked_wherever_it_stands() -> None:
    body = {"data": {"people": [{"nickname": "Jo", "age": 41}], "middle_name": "Ann", "nothing": None}}

    shown = {"data": {"people": [{"nickname": MASK, "age": MASK}], "middle_name": MASK, "nothing": None}}
    assert mask(body) == shown


def test_a_purchase_holds_nothing_to_mask_but_what_was_attached_to_the_card() -> None:
    body = captured("authorization")

    assert mask(body) == {**body, "data": {**body["data"], "metadata": {"account": MASK}}}


def test_a_name_that_is_harmless_for_a_merchant_is_masked_for_a_person() -> None:
    masked = mask({"data": {"merchant_data": {"name": "Acme", "city": "Miami"}, "name": "Jane", "city": "Del Viso"}})

    assert masked == {"data": {"merchant_data": {"name": "Acme", "city": "Miami"}, "name": MASK, "city": MASK}}


def test_a_plain_field_that_holds_an_object_is_looked_into() -> None:
    assert mask({"status": {"first_name": "Jane"}, "id": ["Jane"]}) == {"status": {"first_name": MASK}, "id": [MASK]}
