"""Every act, called directly by each role: whoever lacks the right is refused there too, and nothing is written."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from audit.models import Event
from cards.statuses import ApprovalMethod
from conftest import person
from customers.actions import Upload
from customers.models import RejectionReason, StatusChange
from customers.pages import requirement_card
from customers.policies import NotAllowed
from customers.reveal_actions import RevealReason
from customers.thresholds import QualityThreshold
from desk.filters import Filters
from desk.targets import Target
from people.approvals import Act, FourEyes
from portal.tests.planted import Planted, plant
from portal.tests.test_rights import ALL, OFFICERS, ROLES, WRITERS
from provider.models import ProviderCall

pytestmark = pytest.mark.django_db

APPS = ("cards", "customers", "webhooks", "provider", "desk", "audit", "people")
NO_RIGHT = ("You may not do this", "This is masked for you", "An admin decides about this")
FREEZERS, LOOKERS, DECIDERS = "officer senior support", "officer senior auditor", "officer senior admin"
UPLOAD = Upload(document_type="passport", metadata={}, front=None, back=None)
IMAGE, NOW = "identity_document", timezone.now()

# Who may, and what the act is called with.
ACTS: dict[str, tuple[str, Callable[[Planted], dict[str, Any]]]] = {
    "audit.actions.export_events": ("auditor admin", lambda _: {"filters": {}}),
    "cards.actions.issue_card": (OFFICERS, lambda p: {
        "customer": p.customer, "holder_name": "ZOE", "approval_method": ApprovalMethod.TOPUP, "limits": {}}),
    "cards.actions.set_frozen": (FREEZERS, lambda p: {"card": p.card, "freeze": True}),
    "cards.actions.delete_card": ("senior", lambda p: {"card": p.card}),
    "cards.actions.set_limits": (OFFICERS, lambda p: {"card": p.card, "limits": {}}),
    "cards.actions.refresh_now": (WRITERS, lambda p: {"card": p.card}),
    "cards.adopting.adopt_card": (DECIDERS, lambda p: {"discrepancy": p.difference}),
    "cards.challenges.answer_challenge": (FREEZERS, lambda p: {"challenge": p.challenge, "approve": True}),
    "cards.challenges.mark_seen": (WRITERS, lambda p: {"notice": p.notice}),
    "cards.money.refresh_now": (WRITERS, lambda _: {}),
    "cards.velocity_rules.replace_rules": ("admin", lambda _: {"rules": []}),
    "customers.actions.register_customer": (OFFICERS, lambda _: {"data": {}}),
    "customers.actions.update_customer": (OFFICERS, lambda p: {"customer": p.customer, "data": {"city": "Pilar"}}),
    "customers.actions.answer_requirement": (OFFICERS, lambda p: {
        "customer": p.customer, "requirement_id": "personal_information", "data": {}}),
    "customers.actions.upload_document": (OFFICERS, lambda p: {
        "customer": p.customer, "requirement_id": IMAGE, "upload": UPLOAD}),
    "customers.actions.save_draft": (OFFICERS, lambda p: {
        "customer": p.customer, "requirement_id": IMAGE, "upload": UPLOAD}),
    "customers.actions.submit_request": (OFFICERS, lambda p: {"customer": p.customer}),
    "customers.actions.refresh_customer": (WRITERS, lambda p: {"customer": p.customer}),
    "customers.actions.discard_draft": (OFFICERS, lambda p: {"document": p.document}),
    "customers.comparison_runs.compare_now": ("senior admin", lambda _: {}),
    "customers.comparison_runs.stop_comparison": ("senior admin", lambda _: {}),
    "customers.discrepancy_actions.take_theirs": (DECIDERS, lambda p: {"discrepancy": p.difference}),
    "customers.discrepancy_actions.keep_ours": (DECIDERS, lambda p: {"discrepancy": p.difference}),
    "customers.document_images.open_image": (LOOKERS, lambda p: {"document": p.document, "side": "front"}),
    "customers.document_images.describe_image": (LOOKERS, lambda p: {"document": p.document, "side": "front"}),
    "customers.document_images.look_at": (LOOKERS, lambda p: {"document": p.document, "sides": ["front"]}),
    "customers.draft_actions.keep_image": (OFFICERS, lambda p: {
        "customer": p.customer, "requirement_id": IMAGE, "document_type": "passport", "side": "front", "image": None,
        "seen": ""}),
    "customers.note_actions.add_note": (WRITERS, lambda p: {"customer": p.customer, "text": "Called, will send it"}),
    "customers.note_actions.withdraw_note": (WRITERS, lambda p: {"note": p.note}),
    "customers.note_actions.keep_unsent": (WRITERS, lambda p: {"customer": p.customer, "text": "Called"}),
    "customers.note_actions.mark_seen": (ALL, lambda p: {"note": p.note}),
    "customers.note_actions.mark_customer_seen": (ALL, lambda p: {"customer": p.customer}),
    "customers.reason_actions.write_reason": ("senior admin", lambda _: {
        "reason": RejectionReason(pattern="x", staff_text="x", customer_text="x", remedy="FINAL")}),
    "customers.reveal_actions.reveal": (ALL, lambda p: {
        "customer": p.customer, "reason": RevealReason.CALLER, "words": ""}),
    "customers.searching.find_by_id_number": (ALL, lambda _: {"typed": "AB1234567"}),
    "customers.threshold_actions.choose_threshold": ("senior admin", lambda _: {
        "threshold": QualityThreshold(document_type="passport", name="sharpness", value=1)}),
    "customers.threshold_actions.drop_threshold": ("senior admin", lambda _: {"threshold": QualityThreshold()}),
    "customers.unsaved_actions.keep_typed": (OFFICERS, lambda p: _typed(p)),
    "desk.actions.export_log": ("auditor admin", lambda _: {"filters": {}}),
    "desk.actions.make_case_file": ("senior auditor", lambda p: {"customer": p.customer, "now": NOW}),
    "desk.differences.take": (DECIDERS, lambda p: {"row": p.difference, "seen": ""}),
    "desk.differences.keep": (DECIDERS, lambda p: {"row": p.difference, "seen": ""}),
    **{f"desk.case_actions.{name}": (OFFICERS, lambda p: {"case": p.customer.case}) for name in (
        "take_case", "keep_case", "release_case", "close_case", "reopen_case", "wake_case", "settle_escalation",
        "ask_customer", "hear_from_customer")},
    "desk.case_actions.take_next": (OFFICERS, lambda _: {"filters": Filters()}),
    "desk.case_actions.take_over_case": (OFFICERS, lambda p: {"case": p.customer.case, "reason": "x"}),
    "desk.case_actions.assign_cases": (OFFICERS, lambda p: {"cases": [p.customer.case], "to": None}),
    "desk.case_actions.hand_over_case": (OFFICERS, lambda p: {
        "case": p.customer.case, "to": User.objects.get(username="officer"), "note": "x"}),
    "desk.case_actions.snooze_case": (OFFICERS, lambda p: {
        "case": p.customer.case, "until": NOW + timedelta(days=1), "note": ""}),
    "desk.case_actions.escalate_case": (OFFICERS, lambda p: {"case": p.customer.case, "note": "x"}),
    "desk.saved_filters.save_filter": (ALL, lambda _: {"name": "x", "filters": Filters(late=True)}),
    "desk.saved_filters.remove_filter": (ALL, lambda p: {"saved": p.saved_filter}),
    "desk.target_actions.choose_target": ("admin", lambda _: {
        "target": Target(waits_for="US", due_soon_after_hours=1, late_after_hours=2)}),
    "people.four_eyes.approve": ("senior", lambda p: {"approval": p.approval}),
    "people.four_eyes.refuse": ("senior", lambda p: {"approval": p.approval, "note": "No."}),
    "people.four_eyes.choose_four_eyes": ("admin", lambda _: {"setting": FourEyes(act=Act.REPLAY, is_on=True)}),
    "provider.actions.hasten": ("admin", lambda _: {"call": ProviderCall.objects.first()}),
    "provider.shape_watch.acknowledge": ("admin", lambda _: {"changes": [], "now": NOW}),
    "webhooks.actions.process_again": ("admin", lambda p: {"event": p.delivery, "now": NOW}),
    "webhooks.actions.process_failed_again": ("admin", lambda _: {"since": NOW, "now": NOW}),
    "webhooks.actions.process_many_again": ("admin", lambda p: {"events": [p.delivery], "now": NOW}),
    "webhooks.actions.open_in_full": (LOOKERS, lambda p: {"event": p.delivery}),
}  # fmt: skip
# These ask for no right: they are steps of the acts above, and of what the provider does.
STEPS = {
    "desk.case_policies.check_can_hand_over", "desk.case_policies.check_can_hold",
    "desk.case_policies.check_can_take_over", "desk.case_policies.check_may_assign",
    "audit.actions.record", "audit.actions.view_event", "cards.actions.follow_status", "cards.following.follow_card",
    "customers.actions.keep_draft", "customers.comparison_runs.begin", "customers.discrepancy_actions.send_kept",
    "customers.discrepancy_actions.check_may_decide", "customers.discrepancy_actions.may_decide",
    "customers.policies.check_sees_data", "desk.case_file.write_case_file", "desk.search.find", "provider.actions.want",
    "people.four_eyes.approved_for", "people.four_eyes.hold", "people.rights.check_person_may",
    # Whoever asked for it may withdraw it, and nobody else. Django admin asks for the right to the others.
    "people.four_eyes.withdraw", "people.actions.end_sessions", "people.actions.remove_second_factors",
    "people.actions.unlock_address", "people.actions.unlock_sign_in",
}  # fmt: skip


def _typed(planted: Planted) -> dict[str, Any]:
    officer = User.objects.filter(username="officer").first() or person("officer", "Officer")
    card = requirement_card(planted.customer, officer, "personal_information", is_document=False)
    return {"card": card, "form": card.data_form({"phone_number": "7"})}


def acts() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield every function of our apps that says who does it."""
    for app in map(importlib.import_module, APPS):
        for module in pkgutil.iter_modules(app.__path__, f"{app.__name__}."):
            if module.ispkg:
                continue
            for name, act in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
                by = inspect.signature(act).parameters.get("by")
                if act.__module__ == module.name and by is not None and by.annotation is not str and name[0] != "_":
                    yield f"{module.name}.{name}", act


def written() -> tuple[int, int, int]:
    return Event.objects.count(), ProviderCall.objects.count(), StatusChange.objects.count()


def is_refused_for_lack_of_right(act: Callable[..., Any], arguments: dict[str, Any], by: User) -> bool:
    try:
        with transaction.atomic():
            act(**arguments, by=by)
    except PermissionDenied:
        return True
    except NotAllowed as refusal:
        return str(refusal).startswith(NO_RIGHT)
    except Exception:  # whatever else stands in the way of somebody who may
        return False
    return False


def test_every_act_has_a_row() -> None:
    assert {name for name, _ in acts()} == set(ACTS) | STEPS


def test_an_act_refuses_every_role_without_the_right_and_writes_nothing() -> None:
    planted, found = plant(), dict(acts())
    people = {role: person(role, group) for role, group in ROLES.items()}
    wrong = []
    for name, (roles, arguments) in ACTS.items():
        for role, someone in people.items():
            before = written()
            with transaction.atomic():
                is_refused = is_refused_for_lack_of_right(found[name], arguments(planted), someone)
                after = written()
                transaction.set_rollback(True)
            if is_refused == (role in roles.split()) or (is_refused and before != after):
                wrong.append((name, role, "refused" if is_refused else "not refused"))

    assert not wrong
