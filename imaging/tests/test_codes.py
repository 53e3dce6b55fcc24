"""Codes as the issuers write them; the people are made up. Pictures of codes are drawn by the reader's own writer."""

from datetime import date

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from imaging.codes import read_codes, understood
from imaging.facts import Facts

PDF417 = zxingcpp.BarcodeFormat.PDF417
QR = zxingcpp.BarcodeFormat.QRCode

NEW_DNI = "00123456789@ÑANDÚ@MARÍA JULIA@F@27123456@A@21/11/1984@06/01/2015@209"
OLD_DNI = (
    "@27123456    @A@1@BARBER@MARIA JULIA@ARGENTINA@21/11/1984@F@01/11/2011@00079012345@7055 @01/11/2026@421@0"
    "@ILR:2.20 C:110927.01 (GM/EXE-MOVE-HM)@UNIDAD #02 || S/N: 0040>2008>>0006"
)
LICENCE = (
    "@\n\x1e\rANSI 636000100102DL00410278ZV03190008DLDAQT64235789\nDCSSAMPLE\nDDEN\nDACMICHAEL\nDDFN\nDADJOHN\nDDGN\n"
    "DCUJR\nDBD06062019\nDBB06061986\nDBA12102028\nDBC1\nDAJVA\nDCGUSA\rZVZVA01\r"
)
CANADIAN = LICENCE.replace("06061986", "19860606").replace("12102028", "20281210").replace("USA", "CAN")
FIRST_VERSION = (
    "@\n\x1e\rAAMVA6360050101DL00300201DLDAQ102245737\nDAASAMPLE,DRIVER,CREDENTIAL,\nDAJSC\nDBA20190928\nDBB19780928\n"
)


def picture_of(text: str, kind: zxingcpp.BarcodeFormat = PDF417) -> Image.Image:
    """Return a page with the code somewhere on it."""
    drawn = zxingcpp.create_barcode(text, kind).to_image(scale=3)
    code = Image.fromarray(np.asarray(drawn))
    page = Image.new("L", (code.width + 200, code.height + 300), 220)
    page.paste(code, (90, 140))
    return page.convert("RGB")


def test_the_new_dni_is_read() -> None:
    assert read_codes(picture_of(NEW_DNI)) == Facts(
        source="PDF417 code", surname="ÑANDÚ", given_names="MARÍA JULIA", number="27123456",
        birth_date=date(1984, 11, 21), expiry_date=None, issuer="ARG",
    )  # fmt: skip


def test_the_old_dni_is_read_with_its_expiry() -> None:
    facts = read_codes(picture_of(OLD_DNI))

    assert facts is not None
    assert (facts.surname, facts.given_names, facts.number) == ("BARBER", "MARIA JULIA", "27123456")
    assert (facts.birth_date, facts.expiry_date) == (date(1984, 11, 21), date(2026, 11, 1))


@pytest.mark.parametrize(("licence", "issuer"), [(LICENCE, "USA"), (CANADIAN, "CAN")])
def test_a_licence_is_read_however_its_country_writes_days(licence: str, issuer: str) -> None:
    assert read_codes(picture_of(licence)) == Facts(
        source="PDF417 code", surname="SAMPLE", given_names="MICHAEL JOHN", number="T64235789",
        birth_date=date(1986, 6, 6), expiry_date=date(2028, 12, 10), issuer=issuer,
    )  # fmt: skip


def test_a_licence_of_the_first_version_has_its_names_in_one() -> None:
    facts = understood(FIRST_VERSION, source="PDF417 code")

    assert facts is not None
    assert (facts.surname, facts.given_names, facts.number) == ("SAMPLE", "DRIVER CREDENTIAL", "102245737")
    assert facts.birth_date == date(1978, 9, 28)


def test_a_licence_says_that_it_cut_a_name() -> None:
    facts = understood(LICENCE.replace("DDFN", "DDFT"), source="PDF417 code")

    assert facts is not None
    assert facts.names_are_cut


def test_a_qr_code_is_read_on_its_side() -> None:
    facts = read_codes(picture_of(NEW_DNI, QR).rotate(90, expand=True))

    assert facts is not None
    assert (facts.source, facts.number) == ("QR code", "27123456")


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/", "", "@", "@\n\x1e\rANSI 636000", "1@2@3", "0" * 5000,
        "00123456789@BARBER@MARIA@F@no number@A@21/11/1984@06/01/2015",
    ],
)  # fmt: skip
def test_what_is_no_document_is_passed_over(text: str) -> None:
    assert understood(text, source="QR code") is None


def test_a_day_that_is_none_is_left_open() -> None:
    facts = understood(NEW_DNI.replace("21/11/1984", "31/02/1984"), source="QR code")

    assert facts is not None
    assert facts.birth_date is None


def test_a_picture_without_a_code_says_nothing() -> None:
    assert read_codes(Image.new("RGB", (400, 300), "white")) is None
