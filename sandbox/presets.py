"""Requirements the console offers by name: kinds that a real request may ask for one day."""

from typing import Any


def _document(document_type: str, name: str, *, metadata: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "id": document_type,
        "name": name,
        "description": f"A valid {name.lower()}",
        "required": True,
        "require_image": True,
        "require_back_image": False,
        "metadata": metadata or [],
    }


def _documents(requirement: str, name: str, *valid: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": requirement,
        "name": name,
        "description": f"{name} of the client",
        "required": True,
        "valid_documents": list(valid),
    }


def _data(group: str, name: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"id": group, "name": name, "description": name, "required": True, "fields": list(fields)}


def _field(key: str, data_type: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "data_type": data_type, "required": True, **more}


ISSUE_DATE = {"id": "issue_date", "name": "Issue Date", "data_type": "DATE", "required": True}

PRESETS: dict[str, dict[str, Any]] = {
    "proof_of_address": {
        "label": "Proof of address",
        "documents": [
            _documents(
                "proof_of_address",
                "Proof of address",
                _document("utility_bill", "Utility bill", metadata=[ISSUE_DATE]),
                _document("bank_statement", "Bank statement", metadata=[ISSUE_DATE]),
            )
        ],
    },
    "selfie": {"label": "Selfie", "documents": [_documents("selfie", "Selfie", _document("selfie", "Selfie"))]},
    "employment": {
        "label": "Occupation and salary",
        "data": [
            _data(
                "employment",
                "Employment",
                _field("occupation", "STRING"),
                _field("annual_salary", "STRING"),
            )
        ],
    },
    "tax": {
        "label": "Tax residence and number",
        "data": [_data("tax", "Tax", _field("tax_country", "COUNTRY"), _field("tax_number", "STRING"))],
    },
    "every_kind": {
        "label": "One of every data type",
        "data": [
            _data(
                "questionnaire",
                "Questionnaire",
                _field("nickname", "STRING", required=False),
                _field("work_phone", "PHONE"),
                _field("employed_since", "DATE"),
                _field("dependants", "INTEGER"),
                _field("monthly_income", "DECIMAL"),
                _field("is_public_official", "BOOLEAN"),
                _field("tax_residence", "COUNTRY"),
                _field("work_email", "EMAIL"),
                _field("source_of_funds", "STRING", options=[{"value": "WORK", "label": "Work"}, "Inheritance"]),
            )
        ],
    },
    "optional": {
        "label": "An optional document and an optional answer",
        "documents": [
            _documents("income_proof", "Proof of income", _document("payslip", "Payslip")) | {"required": False}
        ],
        "data": [_data("hobbies", "Hobbies", _field("hobby", "STRING", required=False)) | {"required": False}],
    },
    "never_seen": {
        "label": "A data type nobody has seen",
        "data": [_data("affinity", "Affinity", _field("household_quorum", "HOLOGRAM"))],
    },
}

# Refusals the console offers by name: the code, the words about the request, and those about one document of it.
REFUSALS: dict[str, dict[str, str]] = {
    "blurry": {"label": "Blurry photo", "reason": "The image is blurry"},
    "expired": {"label": "Expired document", "reason": "The document has expired"},
    "cropped": {"label": "Cropped photo", "reason": "The document is cropped: all four corners must be visible"},
    "scanned": {"label": "Scan or photocopy", "reason": "Scans and photocopies are not accepted"},
    "mismatch": {"label": "Name differs", "reason": "The name on the document does not match the client"},
    "unheard": {"label": "A reason nobody has heard", "reason": "The laminate shows signs of delamination"},
    "sanctions": {"label": "Sanctions match, for good", "description": "Sanctions match"},
}


def refusal(name: str) -> dict[str, str]:
    return REFUSALS.get(name, {})


def of(name: str, kind: str) -> list[dict[str, Any]]:
    return list(PRESETS.get(name, {}).get(kind, []))
