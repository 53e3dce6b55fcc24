"""How what two people agreed on is done to cards: the action of the first person, with the approval in hand."""

from cards.actions import delete_card, issue_card, set_limits
from cards.following import limits_in
from cards.models import Card
from cards.statuses import ApprovalMethod
from customers.approved import lock_customer
from customers.models import Customer
from people.approvals import Act, Approval
from people.four_eyes import Carrier


def lock_card(approval: Approval) -> None:
    Card.objects.select_for_update(no_key=True).get(pk=approval.object_id)


def issue(approval: Approval) -> None:
    wish = approval.payload
    issue_card(
        customer=Customer.objects.get(pk=approval.object_id),
        holder_name=wish["holder_name"],
        approval_method=ApprovalMethod(wish["approval_method"]),
        limits=limits_in(wish),
        form_id=wish["form_id"],
        by=approval.asked_by,
        approval=approval,
    )


def change_limits(approval: Approval) -> None:
    card = Card.objects.get(pk=approval.object_id)
    set_limits(card=card, limits=limits_in(approval.payload), by=approval.asked_by, approval=approval)


def delete(approval: Approval) -> None:
    delete_card(card=Card.objects.get(pk=approval.object_id), by=approval.asked_by, approval=approval)


CARRIERS = [
    Carrier(
        act=Act.ISSUE_CARD,
        about_type="customers.customer",
        asks=("cards.issue_card",),
        lock=lock_customer,
        carry_out=issue,
    ),
    Carrier(
        act=Act.ISSUE_CARD,
        about_type="cards.card",
        asks=("cards.change_card_limits",),
        lock=lock_card,
        carry_out=change_limits,
    ),
    Carrier(
        act=Act.DELETE_CARD,
        about_type="cards.card",
        asks=("cards.cancel_card",),
        lock=lock_card,
        carry_out=delete,
    ),
]
