"""Which of the provider's keys our own columns answer, and whether a customer has the answer."""

from cryptomate import DataRequirement, DocumentRequirement, RequirementField
from customers.answer_fields import is_known_type
from customers.forms import CustomerForm
from customers.models import Customer
from customers.remote import COLUMN_OF, answer_to

# Keys of the provider's that more than one of our columns answer.
PHONE = ("phone_country_code", "phone_number")
REGION = ("country", "state")
COLUMNS_OF = {
    "phone": PHONE,
    **dict.fromkeys(PHONE, PHONE),
    "address": (*REGION, "street_line1", "street_line2", "city", "postal_code"),
    **dict.fromkeys(REGION, REGION),
}
OPTIONAL_COLUMNS = ("second_name", "street_line2")
OURS_TO_DECIDE = ("individual_cards",)


def columns_of(wanted: RequirementField) -> tuple[str, ...]:
    """Return our columns that answer this key; none where the provider brings its own list of answers."""
    if wanted.options or wanted.key in OURS_TO_DECIDE:
        return ()
    column = COLUMN_OF.get(wanted.key, wanted.key)
    return COLUMNS_OF.get(wanted.key) or ((column,) if column in CustomerForm.base_fields else ())


def is_held(customer: Customer, wanted: RequirementField) -> bool:
    columns = [column for column in columns_of(wanted) if column not in OPTIONAL_COLUMNS]
    if columns:
        return all(getattr(customer, column) not in (None, "") for column in columns)
    return answer_to(customer, wanted.key) is not None


def is_answered(customer: Customer, requirement: DataRequirement | DocumentRequirement) -> bool:
    """Answer whether we hold any of what a data requirement asks for."""
    fields = requirement.fields if isinstance(requirement, DataRequirement) else ()
    return not fields or any(is_held(customer, wanted) for wanted in fields)


def is_new_kind(wanted: RequirementField) -> bool:
    """Answer whether the value is typed as text because its type has no field of its own."""
    return not (wanted.options or columns_of(wanted) or is_known_type(wanted.data_type))
