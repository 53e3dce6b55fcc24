"""The people who use the portal, as groups of permissions. Migrations make them; admins adjust them.

What a person may do follows from the group's permissions alone: nothing asks for the name of a group.
"""

from typing import Any

from django.apps.registry import Apps

READ_ALL = (
    "customers.view_customer", "cards.view_card", "cards.view_transaction", "cards.view_holding",
    "cards.view_velocityrule", "webhooks.view_webhookevent",
)  # fmt: skip
# Asking CryptoMate for the present state, and taking note of what the portal points out.
ATTEND = ("customers.refresh_customer", "cards.refresh_card", "cards.attend_notice")
# Writing down what colleagues should know about a customer.
NOTES = "customers.add_note"

OFFICER = (
    *READ_ALL, *ATTEND,
    "customers.add_customer", "customers.change_customer", "customers.submit_customer", NOTES,
    "customers.view_personal_data", "customers.reveal_personal_data", "customers.view_document_image",
    "cards.issue_card", "cards.freeze_card", "cards.change_card_limits",
    "cards.answer_challenge", "customers.view_discrepancy", "customers.decide_discrepancy", "desk.work_case",
    "desk.view_reports",
)  # fmt: skip
# What is said to people after a rejection, and how good a photo has to be.
WORDING = (
    "customers.view_rejectionreason", "customers.add_rejectionreason", "customers.change_rejectionreason",
    "customers.view_unknownreason",
    "customers.view_qualitythreshold", "customers.add_qualitythreshold", "customers.change_qualitythreshold",
    "customers.delete_qualitythreshold",
)  # fmt: skip
RECORDS = (
    "auth.view_user", "auth.view_group", "portal.view_heartbeat", "portal.view_sending",
    "customers.view_customer", "customers.view_enablementrequest", "customers.view_requirementsnapshot",
    "customers.view_document", "customers.view_statuschange", "customers.view_rejectionreason",
    "customers.view_unknownreason", "customers.view_newkind", "customers.view_unsavedanswers",
    "customers.view_qualitythreshold", "customers.view_discrepancy", "customers.view_comparison",
    "customers.view_comparisonclock", "customers.view_listedrecord", "customers.view_note", "customers.view_mention",
    "provider.view_providercall", "provider.view_country", "provider.view_subdivision",
    "provider.view_identificationtype", "provider.view_turn", "provider.view_circuit", "provider.view_outage",
    "provider.view_shapechange",
    "cards.view_card", "cards.view_transaction", "cards.view_transactionevent", "cards.view_placement",
    "cards.view_authorization", "cards.view_deposit", "cards.view_challenge", "cards.view_notice",
    "cards.view_holding", "cards.view_withdrawal", "cards.view_velocityrule", "cards.view_velocityruleset",
    "cards.view_portalminute", "cards.view_cardclock",
    "webhooks.view_webhookevent", "webhooks.view_refusal", "audit.view_event", "audit.view_seal",
    "desk.view_case", "desk.view_spell", "desk.view_target", "desk.view_savedfilter", "desk.view_reports",
    "people.view_foureyes", "people.view_approval",
)  # fmt: skip

ROLES: dict[str, tuple[str, ...]] = {
    "Officer": OFFICER,
    # The second pair of eyes: decides what officers may not, and writes what they work by.
    "Senior officer": (
        *OFFICER, *WORDING, "customers.decide_any_discrepancy", "customers.run_comparison", "audit.make_case_file",
        "desk.assign_case",
        "cards.cancel_card", "people.approve_card", "people.approve_document", "people.approve_replay",
    ),
    "Support": (
        *READ_ALL, *ATTEND, NOTES, "cards.freeze_card", "cards.answer_challenge", "customers.reveal_personal_data",
    ),
    "Auditor": (
        *RECORDS, "customers.view_personal_data", "customers.reveal_personal_data", "customers.view_document_image",
        "audit.export_event", "audit.make_case_file", "people.approve_export",
    ),
    # Admins work in Django admin: people and their groups are theirs to change, everything else to read.
    "Admin": (
        *RECORDS, *ATTEND, *WORDING, NOTES,
        "auth.add_user", "auth.change_user", "auth.add_group", "auth.change_group",
        "customers.reveal_personal_data",
        "customers.decide_discrepancy", "customers.decide_any_discrepancy", "customers.run_comparison",
        "provider.hasten_providercall", "provider.acknowledge_shapechange",
        "cards.change_velocityrule", "webhooks.reprocess", "audit.export_event", "desk.change_target",
        "people.change_foureyes", "people.approve_replay", "people.approve_export",
    ),
}  # fmt: skip
OPEN_DJANGO_ADMIN = ("Senior officer", "Auditor", "Admin")  # whose people get staff accounts


def create_roles(apps: Apps) -> None:
    """Create the groups with their permissions. Groups that exist are left as an admin made them."""
    group_model: Any = apps.get_model("auth", "Group")
    permission_model: Any = apps.get_model("auth", "Permission")
    for name, wanted in ROLES.items():
        group, created = group_model.objects.get_or_create(name=name)
        if created:
            group.permissions.set([_permission(permission_model, each) for each in wanted])


def grant(apps: Apps, role: str, *wanted: str) -> None:
    """Give a group permissions that came into being after it. A group that an admin removed stays removed."""
    group_model: Any = apps.get_model("auth", "Group")
    permission_model: Any = apps.get_model("auth", "Permission")
    for group in group_model.objects.filter(name=role):
        group.permissions.add(*[_permission(permission_model, each) for each in wanted])


def _permission(model: Any, name: str) -> Any:
    app, codename = name.split(".")
    return model.objects.get(content_type__app_label=app, codename=codename)
