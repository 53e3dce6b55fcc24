"""The reasons that the provider's pages name, as the table begins: admins go on from here.

Sources: the image rules (contract section 2.11), the guide for individual cards, and the sample of a rejected client
(section 12.4).
"""

from typing import Any

# Pattern, remedy, what staff read, what the customer may be told.
FIRST_REASONS: tuple[tuple[str, str, str, str], ...] = (
    (
        r"sanction|watch ?list",
        "FINAL",
        "The person matches a sanctions list. Send nothing again, and do not tell the customer why: hand the case to"
        " whoever is responsible for money laundering prevention.",
        "We have looked at your application carefully and cannot offer you a card.",
    ),
    (
        r"(name|birth).*(match|differ)|mismatch",
        "CORRECT_DATA",
        "Name or date of birth differ from the document. Compare the two letter by letter and correct the data; ask for"
        " another document only where the data are right.",
        "The details we hold differ from your document. Please send us your full name and date of birth exactly as they"
        " stand on it.",
    ),
    (
        r"expired|out of date|no longer valid|not current",
        "NEW_DOCUMENT",
        "The document was no longer valid. A new photo of it will be refused too: ask for another document.",
        "The document you sent is no longer valid. Please send a photo of one that is.",
    ),
    (
        r"blur|out of focus|legible|unreadable|could not be read",
        "NEW_PHOTO",
        "The text could not be read. Ask for a new photo of the same document: in daylight, held still, in focus.",
        "We could not read the photo of your document. Please take a new one in daylight, hold the camera still and"
        " make sure that every line is sharp.",
    ),
    (
        r"glare|reflection|too dark|overexposed|underexposed",
        "NEW_PHOTO",
        "Light hides part of the document. Ask for a new photo without flash, away from lamps and windows.",
        "Part of your document cannot be seen because of the light. Please take a new photo without flash, in even"
        " daylight.",
    ),
    (
        r"crop|cut off|corner|incomplete image",
        "NEW_PHOTO",
        "An edge of the document is missing. Ask for a new photo with all four corners in the picture.",
        "Part of your document is outside the photo. Please take a new one that shows all four corners.",
    ),
    (
        r"screenshot|edited|re-?export|screen capture",
        "NEW_PHOTO",
        "The image was not taken by a camera, or was edited. Ask for a photo of the document itself, sent as the camera"
        " made it.",
        "Please take a photo of the document itself with your camera and send it as it is, without editing it.",
    ),
    (
        r"scan|photocop|copy of",
        "NEW_PHOTO",
        "Scans and photocopies are refused. Ask for a photo of the original.",
        "Please send a photo of the original document, not a scan or a copy.",
    ),
    (
        r"digital (id|document)|electronic id",
        "NEW_PHOTO",
        "Digital IDs are refused, those of governments too. Ask for a photo of the physical document.",
        "Please send a photo of the physical document: we cannot take a digital one.",
    ),
    (
        r"documents? (was|were) not accepted|not an accepted document|wrong document",
        "NEW_DOCUMENT",
        "The provider did not take the document and did not say why. Look at the reasons beside each document; without"
        " one, send another kind of document.",
        "We could not accept the document you sent. Please send another one from the list we gave you.",
    ),
)  # fmt: skip


def write_first_reasons(model: Any) -> None:
    """Write the rows into `model`, as a migration knows it. A pattern that is there stays as an admin left it."""
    for number, (pattern, remedy, staff_text, customer_text) in enumerate(FIRST_REASONS, start=1):
        texts = {"staff_text": staff_text, "customer_text": customer_text, "remedy": remedy, "position": number * 10}
        model.objects.get_or_create(pattern=pattern, is_expression=True, defaults=texts)
