"""What waits for a second person, as one person sees it: on the record it is about, and in the list of all."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, Max, Q, Subquery
from django.utils import timezone

from people.approvals import DECIDES, Act, Approval, ApprovalState, FourEyes

Hide = Callable[[str], str]


@dataclass(frozen=True)
class Waiting:
    """One approval. `words` and `note` are as this person may read them."""

    approval: Approval
    words: str
    note: str
    is_own: bool
    may_decide: bool

    @property
    def is_asked(self) -> bool:
        return self.approval.state == ApprovalState.ASKED

    @property
    def is_refused(self) -> bool:
        return self.approval.state == ApprovalState.REFUSED

    @property
    def is_to_use(self) -> bool:
        return self.approval.state == ApprovalState.APPROVED

    @property
    def facts(self) -> tuple[object, ...]:
        return self.approval.pk, self.approval.state, self.words


def waiting(approval: Approval, person: User | AnonymousUser, *, hide: Hide) -> Waiting:
    is_own = approval.asked_by_id == person.pk
    may_decide = person.has_perm(DECIDES[approval.act_choice]) and not is_own
    return Waiting(approval, hide(approval.words), hide(approval.decision_note), is_own, may_decide)


def waiting_about(*rows: UUID, person: User, hide: Hide) -> list[Waiting]:
    """Return what stands about these rows, or about anything of these customers, and what was just refused."""
    found = Approval.objects.to_show(now=timezone.now()).about(*rows).with_people().order_by("asked_at")
    return [waiting(each, person, hide=hide) for each in found]


def waiting_exports(person: User | AnonymousUser, *, about_type: str) -> list[Waiting]:
    """Return the exports that stand, as far as they concern this person, oldest first. Their words name no data."""
    standing = Approval.objects.standing(now=timezone.now()).filter(act=Act.EXPORT, object_type=about_type)
    found = standing.concerning(person).with_people().order_by("asked_at")
    return [waiting(each, person, hide=str) for each in found]


# What the first person reads when it was asked for. What exactly waits stands on the record.
TOLD = "Nothing is done yet: this waits for a second person. You cannot approve your own."


def counted(person: User | AnonymousUser) -> int | None:
    """Return how much waits for this person to decide; None where nothing waits and nobody needs a second person.

    One query, for the frame of every page that an approver opens.
    """
    waits = Approval.objects.asked(now=timezone.now()).decidable_by(person).order_by().values("state")
    number = Subquery(waits.annotate(count=Count("pk")).values("count"))
    found = FourEyes.objects.aggregate(on=Count("pk", filter=Q(is_on=True)), waits=Max(number))
    return (found["waits"] or 0) if found["on"] or found["waits"] else None
