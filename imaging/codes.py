"""Reads the PDF417 and QR codes on documents: North American licences and the Argentine DNI.

A code corrects its own errors, so what it says was printed so. Other codes say nothing to us and are passed over.
"""

import re
from collections.abc import Mapping
from datetime import date

import zxingcpp
from PIL import Image

from imaging.facts import Facts

FORMATS = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.PDF417, zxingcpp.BarcodeFormat.QRCode])
MOST_TEXT = 4000  # characters; a PDF417 holds 1,850 at most
NOT_GIVEN = {"NONE", "UNAVL", "UNAVAIL"}  # what licences write for no value (AAMVA standard, annex D)


def read_codes(image: Image.Image) -> Facts | None:
    """Return what the first code on the picture says that we understand."""
    for code in zxingcpp.read_barcodes(image, formats=FORMATS):
        name = "QR code" if "QR" in str(code.format) else "PDF417 code"
        facts = understood(text_of(code.bytes), source=name)
        if facts:
            return facts
    return None


def text_of(content: bytes) -> str:
    """Return the text of a code; the issuers write UTF-8 or Latin-1 and do not say which."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def understood(text: str, *, source: str) -> Facts | None:
    """Return what this text says of a document's holder; None where it is of no kind we know."""
    if len(text) > MOST_TEXT:
        return None
    if text.startswith("@") and re.search(r"ANSI|AAMVA", text[:20]):
        return _licence(text, source)
    return _dni(text, source)


# --- Driving licences and identity cards of North America (AAMVA DL/ID Card Design Standard, annex D)


def _licence(text: str, source: str) -> Facts | None:
    said = _elements(text)
    surname, given_names = _names(said)
    number = said.get("DAQ", "")
    if not (number and surname):
        return None
    return Facts(
        source=source,
        surname=surname,
        given_names=given_names,
        number=number,
        birth_date=_american_day(said.get("DBB", "")),
        expiry_date=_american_day(said.get("DBA", "")),
        issuer=said.get("DCG") or said.get("DAJ", ""),
        names_are_cut="T" in (said.get("DDE"), said.get("DDF"), said.get("DDG")),
    )


def _elements(text: str) -> dict[str, str]:
    """Return what stands behind each three-letter name. The header's offsets are often wrong and are not used."""
    body = re.sub(r"^.*?(?:DL|ID|EN)(?=D[A-D][A-Z])", "", text, count=1, flags=re.DOTALL)
    lines = (line for line in re.split(r"[\r\n\x1c-\x1f]+", body) if re.match(r"[A-Z]{3}", line))
    said = {line[:3]: line[3:].strip() for line in reversed(list(lines))}  # the first of two counts
    return {name: value for name, value in said.items() if value and value.upper() not in NOT_GIVEN}


def _names(said: Mapping[str, str]) -> tuple[str, str]:
    """Return surname and given names, in the way each version of the standard has put them."""
    surname = said.get("DCS") or said.get("DAB", "")
    given = [said.get("DAC", ""), said.get("DAD", "")] if said.get("DAC") else [said.get("DCT", "")]
    if not surname and said.get("DAA"):  # 2000: everything in one, the surname first
        surname, *given = said["DAA"].split(",")
    return surname, " ".join(" ".join(given).replace(",", " ").split())


def _american_day(text: str) -> date | None:
    """Return a day written MMDDCCYY in the United States, CCYYMMDD in Canada and in the first version.

    No month is 19 or 20, so the two cannot be confused.
    """
    if not re.fullmatch(r"\d{8}", text):
        return None
    if text[:2] in ("18", "19", "20", "21"):
        return _day(text[:4], text[4:6], text[6:])
    return _day(text[4:], text[:2], text[2:4])


# --- The Argentine DNI

NEW_DNI = re.compile(
    r"\d{8,12}@(?P<surname>[^@]+)@(?P<given>[^@]*)@[A-Z]@(?P<number>[MF]?\d{6,9})\s*@[A-Z]{1,2}@(?P<birth>[\d/]{10})"
    r"@[\d/]{10}(@.*)?",
    re.DOTALL,
)  # since 2012: filing number first; says no expiry
OLD_DNI = re.compile(
    r"@(?P<number>[MF]?\d{6,9})\s*@[A-Z]{1,2}@\d+@(?P<surname>[^@]+)@(?P<given>[^@]*)@[^@]*@(?P<birth>[\d/]{10})@[A-Z]"
    r"@[\d/]{10}@\d+\s*@\d*\s*@(?P<expiry>[\d/]{10})@.*",
    re.DOTALL,
)  # 2009 to 2012: number first


def _dni(text: str, source: str) -> Facts | None:
    found = NEW_DNI.fullmatch(text.strip()) or OLD_DNI.fullmatch(text.strip())
    if not found:
        return None
    said = found.groupdict()
    return Facts(
        source=source,
        surname=said["surname"].strip(),
        given_names=said["given"].strip(),
        number=said["number"],
        birth_date=_argentine_day(said["birth"]),
        expiry_date=_argentine_day(said.get("expiry", "")),
        issuer="ARG",
    )


def _argentine_day(text: str) -> date | None:
    parts = text.split("/")
    return _day(parts[2], parts[1], parts[0]) if len(parts) == 3 else None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
