"""Acts that wait for a second person, where an admin asks for two: what exactly was asked for, by whom, who decided."""

import uuid
from datetime import datetime, timedelta
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from audit.capture import Capture
from vault.fields import EncryptedJSONField, EncryptedTextField

WAITS = timedelta(hours=24)  # for a second person
KEPT = timedelta(hours=1)  # an approved export, for whoever asked for it


class Act(models.TextChoices):
    """What an admin can ask two people for."""

    ISSUE_CARD = "ISSUE_CARD", "Issuing a card, or raising its limits, above a limit"
    DELETE_CARD = "DELETE_CARD", "Deleting a card"
    SEND_DOCUMENT = "SEND_DOCUMENT", "Sending a document in spite of warnings"
    REPLAY = "REPLAY", "Processing deliveries again in bulk"
    EXPORT = "EXPORT", "Exporting the audit log or a case file"


# What a second person needs. The first needs what the act itself asks for.
DECIDES = {
    Act.ISSUE_CARD: "people.approve_card",
    Act.DELETE_CARD: "people.approve_card",
    Act.SEND_DOCUMENT: "people.approve_document",
    Act.REPLAY: "people.approve_replay",
    Act.EXPORT: "people.approve_export",
}


class ApprovalState(models.TextChoices):
    ASKED = "ASKED", "Waits for a second person"
    APPROVED = "APPROVED", "Approved"
    REFUSED = "REFUSED", "Refused"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"
    EXPIRED = "EXPIRED", "Expired"
    CARRIED_OUT = "CARRIED_OUT", "Approved and carried out"

    @property
    def meaning(self) -> str:
        known = {"ASKED": "waiting", "APPROVED": "good", "CARRIED_OUT": "good", "REFUSED": "bad"}
        return known.get(self.value, "neutral")


S = ApprovalState
STEPS = [
    (S.ASKED, S.APPROVED), (S.ASKED, S.REFUSED), (S.ASKED, S.WITHDRAWN), (S.ASKED, S.EXPIRED),
    (S.APPROVED, S.CARRIED_OUT), (S.APPROVED, S.EXPIRED),
]  # fmt: skip
STANDING = [S.ASKED, S.APPROVED]
DECIDED = [S.APPROVED, S.REFUSED, S.CARRIED_OUT]


class FourEyesQuerySet(models.QuerySet["FourEyes"]):
    def on_for(self, act: Act) -> "FourEyes | None":
        """Return the setting where an admin asks for two people, and None where one will do."""
        return self.filter(act=act, is_on=True).first()


class FourEyes(models.Model):
    """Whether two people are needed for an act. An act without a row needs one."""

    act = models.CharField(max_length=20, choices=Act.choices, primary_key=True)
    is_on = models.BooleanField("two people are needed", default=False)
    threshold = models.DecimalField(
        "for limits above", max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)],
        help_text="USD, for issuing cards: two people are needed where any of a card's limits is above this, or none "
        "says how much it spends in a day, a week or a month. Empty means for every card.",
    )  # fmt: skip

    objects = FourEyesQuerySet.as_manager()

    class Meta:
        triggers = [Capture()]
        verbose_name = verbose_name_plural = "four eyes"
        default_permissions = ("view", "change")
        ordering = ["act"]
        constraints = [
            models.CheckConstraint(condition=Q(act__in=Act.values), name="four_eyes_act_is_known"),
            models.CheckConstraint(
                condition=Q(threshold=None) | Q(act=Act.ISSUE_CARD, threshold__gte=0),
                name="four_eyes_threshold_is_for_issuing",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_act_display())


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def asked(self, *, now: datetime) -> Self:
        """Keep what waits for a second person."""
        return self.filter(state=S.ASKED, expires_at__gt=now)

    def standing(self, *, now: datetime) -> Self:
        """Keep what waits for a second person, or was approved and waits to be used."""
        return self.filter(state__in=STANDING, expires_at__gt=now)

    def to_show(self, *, now: datetime) -> Self:
        """Keep what stands, and what was refused within a day and not asked for again."""
        again = Approval.objects.filter(act=OuterRef("act"), object_id=OuterRef("object_id"))
        is_refused = Q(state=S.REFUSED, decided_at__gt=now - WAITS)
        is_last = ~Exists(again.filter(asked_at__gt=OuterRef("asked_at")))
        return self.filter(Q(state__in=STANDING, expires_at__gt=now) | (is_refused & is_last))

    def over(self, *, now: datetime) -> Self:
        return self.filter(state__in=STANDING, expires_at__lte=now)

    def settled(self) -> Self:
        return self.exclude(state__in=STANDING)

    def about(self, *rows: uuid.UUID) -> Self:
        """Keep what is about one of these rows, or belongs to one of them as a customer."""
        return self.filter(Q(object_id__in=[str(row) for row in rows]) | Q(customer_id__in=rows))

    def concerning(self, person: User | AnonymousUser) -> Self:
        """Keep what the person asked for and what they may decide."""
        return self.filter(Q(asked_by=person.pk) | Q(act__in=acts_decided_by(person)))

    def decidable_by(self, person: User | AnonymousUser) -> Self:
        return self.filter(act__in=acts_decided_by(person)).exclude(asked_by=person.pk)

    def with_people(self) -> Self:
        return self.select_related("asked_by", "decided_by")


def acts_decided_by(person: User | AnonymousUser) -> list[Act]:
    return [act for act, permission in DECIDES.items() if person.has_perm(permission)]


class Approval(models.Model):
    """One act as it was asked for. What is bound here is what is carried out, once, or nothing is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    act = models.CharField(max_length=20, choices=Act.choices)
    # Plain columns: what an approval is about belongs to apps that this one does not know.
    object_type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=64)
    customer_id = models.UUIDField(null=True, blank=True)
    payload = EncryptedJSONField(default=dict, help_text="What exactly is wanted.")
    digest = models.CharField(max_length=64)
    words = EncryptedTextField(help_text="What exactly is wanted, to read.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=S.choices, default=S.ASKED)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = EncryptedTextField(blank=True, default="")
    used_at = models.DateTimeField(null=True, blank=True, help_text="When it was carried out.")

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        triggers = [
            Capture(),
            pgtrigger.ReadOnly(
                name="what_is_asked_stays",
                fields=["id", "act", "object_type", "object_id", "customer_id", "digest", "asked_by", "asked_at"],
            ),
            pgtrigger.FSM(name="no_way_back", field="state", transitions=[(a.value, b.value) for a, b in STEPS]),
            pgtrigger.Protect(
                name="a_decision_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__decided_by__isnull=False)
                & pgtrigger.Q(old__decided_by__df=pgtrigger.F("new__decided_by")),
            ),
            pgtrigger.Protect(name="approvals_stay", operation=pgtrigger.Delete),
        ]
        default_permissions = ("view",)
        permissions = [
            ("approve_card", "Can approve what others ask for about cards"),
            ("approve_document", "Can approve what others ask for about documents"),
            ("approve_replay", "Can approve that deliveries are processed again in bulk"),
            ("approve_export", "Can approve what others want to export"),
        ]
        indexes = [
            models.Index(fields=["-asked_at", "-id"], name="approval_newest"),
            models.Index(fields=["object_id"], name="approval_object"),
            models.Index(fields=["customer_id"], name="approval_customer"),
            models.Index(fields=["expires_at"], condition=Q(state__in=STANDING), name="approval_ends"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(act__in=Act.values), name="approval_act_is_known"),
            models.CheckConstraint(condition=Q(state__in=S.values), name="approval_state_is_known"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
                name="the_second_person_is_never_the_first",
            ),
            models.CheckConstraint(
                condition=Q(state__in=DECIDED, decided_by__isnull=False, decided_at__isnull=False)
                | Q(state__in=[S.ASKED, S.WITHDRAWN], decided_by=None, decided_at=None)
                | Q(state=S.EXPIRED),
                name="decided_approval_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(state=S.CARRIED_OUT, used_at__isnull=False) | ~Q(state=S.CARRIED_OUT) & Q(used_at=None),
                name="approval_is_used_once_carried_out",
            ),
            models.UniqueConstraint(
                fields=["act", "object_id"], condition=Q(state=S.ASKED), name="one_open_approval_per_act_and_object"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()} · {self.get_state_display()}"

    @property
    def act_choice(self) -> Act:
        return Act(self.act)

    @property
    def state_choice(self) -> ApprovalState:
        return ApprovalState(self.state)
