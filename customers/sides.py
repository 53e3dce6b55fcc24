"""The place of one image on a document's form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from customers.findings import Judge
from customers.images import in_words
from customers.models import Document
from imaging.judging import Finding

SEEN = 16  # digits of a digest
MEASURED = {
    "width": "Document {:.0f}\u00a0px wide",
    "sharpness": "sharpness {:.0f}",
    "brightness": "brightness {:.0f}",
    "blown": "burnt out {:.1f}\u00a0%",
    "glare": "glare {:.1f}\u00a0%",
    "tilt": "tilt {:.0f}°",
}


@dataclass(frozen=True)
class Side:
    """One side, with the image that is kept already and what is wrong with that."""

    bound: forms.BoundField
    name: str
    draft: Document | None
    judge: Judge

    @property
    def is_kept(self) -> bool:
        return self.draft is not None and self.draft.image(self.name) is not None

    @property
    def note(self) -> str:
        measured = (self.draft.measurements if self.draft else {}).get(self.name)
        return f"{self.bound.label} kept: {in_words(measured)}" if measured else ""

    @property
    def measures(self) -> str:
        return measures_in_words((self.draft.measurements if self.draft else {}).get(self.name, {}))

    @property
    def findings(self) -> list[Finding]:
        if self.draft is None or not self.is_kept:
            return []
        return self.judge.findings(self.draft.measurements.get(self.name, {}), self.draft.likeness(self.name))

    @property
    def seen(self) -> str:
        """Return what says which image is shown here; nothing where none is."""
        return self.draft.sha256(self.name)[:SEEN] if self.draft and self.is_kept else ""

    @property
    def params(self) -> str:
        """Return what goes along with the image alone."""
        names = ("document_type", "override_reason", "drawn_from", "seen", "csrfmiddlewaretoken")
        return ",".join([self.bound.html_name, f"{self.name}_seen", *names])

    @property
    def target(self) -> str:
        return f"#{self.bound.auto_id}_field"


def measures_in_words(measured: Mapping[str, Any]) -> str:
    """Return what was measured of an image, in numbers: what the limits in Django admin are about."""
    kept = measured.get("measures", {})
    return ", ".join(words.format(kept[name]) for name, words in MEASURED.items() if name in kept)
