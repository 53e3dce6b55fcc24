"""Writes names as a machine-readable zone does: in A to Z. The tables are those of ICAO Doc 9303, part 3, section 6.

Arabic, which that section writes in codes of its own, and alphabets it does not have are not written at all.
"""

import re
import unicodedata
from itertools import islice, product

MOST_WAYS = 64

# Where the table leaves a choice, all of it; the plain letter is added for accents that issuers simply drop.
LATIN = {
    "Ä": ("AE", "A"), "Å": ("AA", "A"), "Æ": ("AE",), "Ç": ("C",), "Ð": ("D",), "Đ": ("D",), "Ħ": ("H",), "İ": ("I",),
    "ı": ("I",), "Ĳ": ("IJ",), "ĸ": ("Q", "K"), "Ł": ("L",), "Ñ": ("N", "NXX"), "Ŋ": ("N",), "Ö": ("OE", "O"),
    "Ø": ("OE", "O"), "Œ": ("OE",), "ß": ("SS",), "ẞ": ("SS",), "Þ": ("TH",), "Ŧ": ("T",), "Ü": ("UE", "UXX", "U"),
    "Ə": ("E",),
}  # fmt: skip
CYRILLIC = {
    "А": ("A",), "Б": ("B",), "В": ("V",), "Г": ("G", "H"), "Ґ": ("G",), "Д": ("D",), "Ђ": ("D",), "Ѓ": ("G",),
    "Е": ("E",), "Ё": ("E", "IO"), "Є": ("IE",), "Ж": ("ZH", "Z"), "З": ("Z",), "И": ("I", "Y"), "Й": ("I",),
    "І": ("I",), "Ї": ("I",), "Ј": ("J",), "К": ("K",), "Л": ("L",), "Љ": ("LJ",), "М": ("M",), "Н": ("N",),
    "Њ": ("NJ",), "О": ("O",), "П": ("P",), "Р": ("R",), "С": ("S",), "Т": ("T",), "Ћ": ("C",), "Ќ": ("K",),
    "У": ("U",), "Ў": ("U",), "Ф": ("F",), "Х": ("KH", "H"), "Ц": ("TS", "C"), "Ч": ("CH", "C"), "Ш": ("SH", "S"),
    "Щ": ("SHCH", "SHT"), "Ъ": ("IE", ""), "Ы": ("Y",), "Ь": ("",), "Э": ("E",), "Ю": ("IU",), "Я": ("IA",),
    "Џ": ("DZ",),
}  # fmt: skip
TABLE = LATIN | CYRILLIC
APOSTROPHES = re.compile(r"['’‘`´ʼ]")  # are left out; hyphens and all else part words (part 3, section 4.6)


def ways(name: str) -> list[str]:
    """Return each way the name may stand in a zone, words parted by one space; none where a letter is in no table.

    The table's own choice comes first.
    """
    whole = unicodedata.normalize("NFC", APOSTROPHES.sub("", name.strip())).replace("ß", "ẞ").upper()
    choices = [_written(character) for character in whole]
    found = (" ".join("".join(parts).split()) for parts in islice(product(*choices), MOST_WAYS))
    return [way for way in dict.fromkeys(found) if way]


def _written(character: str) -> tuple[str, ...]:
    """Return how a character is written: what is no letter parts words, and a letter we do not know has no way."""
    if character in TABLE:
        return TABLE[character]
    plain = unicodedata.normalize("NFD", character)[0]
    if plain in TABLE:
        return TABLE[plain]
    if re.fullmatch("[A-Z0-9]", plain):
        return (plain,)
    return () if plain.isalpha() else (" ",)
