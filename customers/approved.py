"""How what two people agreed on is done to customers: the action of the first person, with the approval in hand."""

from customers.actions import Upload, upload_document
from customers.models import Customer
from people.approvals import Act, Approval
from people.four_eyes import Carrier


def lock_customer(approval: Approval) -> Customer:
    return Customer.objects.select_for_update(no_key=True).get(pk=str(approval.customer_id))


def send_document(approval: Approval) -> None:
    """Send the draft as it was approved: what is in it now is compared with that."""
    wish = approval.payload
    upload = Upload(
        document_type=wish["document_type"],
        metadata=wish["metadata"],
        front=None,
        back=None,
        override_reason=wish["reason"],
    )
    customer = lock_customer(approval)
    upload_document(
        customer=customer, requirement_id=wish["requirement"], upload=upload, by=approval.asked_by, approval=approval
    )


CARRIERS = [
    Carrier(
        act=Act.SEND_DOCUMENT,
        about_type="customers.document",
        asks=("customers.change_customer",),
        lock=lock_customer,
        carry_out=send_document,
    )
]
