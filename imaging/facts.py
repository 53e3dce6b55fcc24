"""What a document says of its holder, from whichever part of it was read."""

from dataclasses import dataclass, field
from datetime import date

from imaging.mrz_repair import Found


@dataclass(frozen=True)
class Facts:
    """Empty where the document says nothing. Names and number are in the document's own capitals."""

    source: str  # "machine-readable zone", "PDF417 code", "QR code"
    surname: str = field(default="", repr=False)
    given_names: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)
    expiry_date: date | None = None
    issuer: str = ""
    names_are_cut: bool = False
    is_mended: bool = False  # a doubtful character of the number was changed so that its check digit agrees
    is_transliterated: bool = False  # names stand in A to Z, as ICAO Doc 9303 writes every alphabet


def facts_of(found: Found, *, today: date) -> Facts:
    zone = found.zone
    return Facts(
        source="machine-readable zone",
        surname=zone.surname,
        given_names=zone.given_names,
        number=zone.number,
        birth_date=zone.birth_date(today=today),
        expiry_date=zone.expiry_date(today=today),
        issuer=zone.issuer,
        names_are_cut=zone.names_are_cut,
        is_mended=found.is_mended,
        is_transliterated=True,
    )
