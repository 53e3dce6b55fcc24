"""What was handed over for a requirement before what stands for it now."""

from dataclasses import dataclass

from customers.findings import SIDES
from customers.images import in_words
from customers.models import Document
from customers.sides import measures_in_words

MOST_SHOWN = 10


@dataclass(frozen=True)
class Earlier:
    document: Document
    name: str
    reason: str  # why it was refused, as the person may read it

    @property
    def measured(self) -> list[str]:
        """Return what was measured of each side; nothing of one that is not there or was erased."""
        measurements = self.document.measurements
        return [_said(side, measurements[side]) for side in SIDES if side in measurements]


def _said(side: str, measured: dict[str, object]) -> str:
    numbers = measures_in_words(measured)
    return f"{side.title()}, {in_words(measured)}{f'. {numbers}' if numbers else ''}"
