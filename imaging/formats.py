"""What a file is, by its first bytes and never by its name, and what it may be to be opened at all."""

import io
import re
import zipfile

from imaging import structure

LARGEST_UPLOAD = 25 * 1000 * 1000  # bytes; a photo is made anew, so this may be above what the provider takes
MOST_PIXELS = 40_000_000
SHORTEST_SIDE = 16  # pixels; what measures pictures needs some of them
LONGEST_SIDE = 20_000
MOST_SCANS = 64  # passes of a progressive JPEG; cameras write about ten, and each costs as much as a whole photo

ENDINGS = {
    "JPEG": ("jpg", "jpeg", "jpe", "jfif", "mpo"),
    "PNG": ("png",),
    "WebP": ("webp",),
    "HEIC": ("heic", "heif", "hif"),
    "PDF": ("pdf",),
}
STILL = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2")
MOVING = (b"hevc", b"hevx", b"hevm", b"hevs", b"msf1")
TAKE_A_PHOTO = "Take a photo of the document and choose that."

FOREIGN = [
    # (how it begins, code, what it is)
    (rb"GIF8[79]a", "gif", "a GIF, which may move"),
    (rb"BM.{12}[\x0c\x28\x6c\x7c]", "bmp", "a BMP image"),
    (rb"II[*+]\0|MM\0[*+]", "tiff", "a TIFF, or a camera's raw file"),
    (rb"\0\0[\1\2]\0", "icon", "an icon"),
    (rb"8BPS", "photoshop", "a Photoshop file"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "jpeg2000", "a JPEG 2000 image"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "jpegxl", "a JPEG XL image"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "postscript", "PostScript"),
    (rb"PK[\3\5\7]", "zip", "a ZIP archive or an office document"),
    (rb"Rar!|7z\xbc\xaf|\x1f\x8b|BZh|\xfd7zXZ", "archive", "an archive"),
    (rb"MZ|\x7fELF|#!|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe", "program", "a program"),
    (rb"\xd0\xcf\x11\xe0", "office", "an office document"),
    (rb"RIFF.{4}(?:AVI |WAVE)|\x1aE\xdf\xa3|OggS|ID3", "film", "a film or a sound"),
]
MARKUP = [
    (rb"<svg[\s>]", "svg", "a drawing (SVG), which has no pixels of its own"),
    (rb"<!doctype html|<html[\s>]|<script[\s>]|<body[\s>]", "html", "a web page"),
    (rb"<", "xml", "XML"),
]
PROGRAM_TEXT = (b"<?php ", b"<?php\n", b"#!/bin/")
PAGE_TEXT = (b"<script", b"<!doctype html", b"<html", b"<svg ")


class Refused(Exception):  # noqa: N818 - it is an answer to a person
    """A file that is not taken. `code` is for programs, the sentence for the person who chose it."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


def check_size(size: int) -> None:
    if not size:
        raise Refused("empty", "This file is empty. Choose the image again.")
    if size > LARGEST_UPLOAD:
        raise Refused("too_large", "This file is larger than 25 MB. Choose a smaller one, or take a new photo.")


def kind_of(content: bytes) -> str:
    """Return JPEG, PNG, WebP, HEIC or PDF. Raises Refused with a sentence that names what it is instead."""
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WebP"
    if content.startswith(b"%PDF-"):
        return "PDF"
    if content[4:8] == b"ftyp":
        return _kind_of_boxes(content)
    raise _foreign(content)


def _kind_of_boxes(content: bytes) -> str:
    """Tell still pictures from films among the files that are made of boxes (ISO 14496-12)."""
    end = min(int.from_bytes(content[:4], "big"), 256)
    brand, also = content[8:12], {content[at : at + 4] for at in range(16, end, 4)}
    if brand in (b"avif", b"avis") or (brand in STILL and b"avif" in also):
        raise Refused("avif", f"This is an AVIF image. {TAKE_A_PHOTO}")
    if brand in MOVING:
        raise Refused("animated", "This image moves. Choose a single photo.")
    if brand not in STILL:
        raise Refused("film", f"This is a film or a sound. {TAKE_A_PHOTO}")
    return "HEIC"


def _foreign(content: bytes) -> Refused:
    for beginning, code, what in FOREIGN:
        if re.match(beginning, content, re.DOTALL):
            return Refused(code, f"This is {what}. {TAKE_A_PHOTO}")
    text = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for sign, code, what in MARKUP:
        if text.startswith(b"<") and re.search(sign, text):
            return Refused(code, f"This is {what}. {TAKE_A_PHOTO}")
    return Refused("type", f"This is not a JPEG, PNG, HEIC, WebP or PDF file. {TAKE_A_PHOTO}")


def check_name(name: str, kind: str) -> None:
    """Refuse a file whose name ends as another type does. A name without an ending says nothing."""
    ending = name.rpartition(".")[2].strip().lower() if "." in name else ""
    if ending and ending not in ENDINGS[kind]:
        raise Refused(
            "extension",
            f"The name of this file ends in .{ending[:12]}, but it is a {kind} file. Choose the original file, or"
            " take a new photo.",
        )


def check_whole(content: bytes, kind: str) -> None:
    """Refuse what ends too early, which decoders may fill with grey, and what takes them very long to open."""
    found = structure.walk(content, kind)
    if found.is_endless or found.scans > MOST_SCANS:
        raise Refused("too_complex", f"This file is built so that opening it takes very long. {TAKE_A_PHOTO}")
    if not found.is_whole:
        raise cut_off()


def cut_off() -> Refused:
    return Refused("truncated", "This file was cut off: its end is missing. Save or send it again.")


def check_alone(content: bytes, kind: str) -> None:
    """Refuse a file that is another one as well: an archive, a program's text or a page inside a picture.

    What phones add (a preview, a short film) is none of these; it is left out when the picture is made anew.
    """
    is_pdf_too = kind != "PDF" and b"%PDF-" in content[:1024]
    if is_pdf_too or _is_archive(content) or _holds_text(content, kind):
        raise Refused("polyglot", f"Another file is hidden in this {kind} file. {TAKE_A_PHOTO}")


def _is_archive(content: bytes) -> bool:
    return b"PK\5\6" in content[-70_000:] and zipfile.is_zipfile(io.BytesIO(content))


def _holds_text(content: bytes, kind: str) -> bool:
    lowered = content.lower()
    signs = PROGRAM_TEXT if kind == "PDF" else PROGRAM_TEXT + PAGE_TEXT  # a PDF may describe itself in markup
    return any(sign in lowered for sign in signs)


def check_pixels(width: int, height: int) -> None:
    """Refuse by the header alone what would take too much memory, or is a strip rather than a picture."""
    if width * height > MOST_PIXELS:
        raise Refused("too_many_pixels", "This image has more than 40 megapixels. Choose a smaller one.")
    if min(width, height) < SHORTEST_SIDE:
        raise Refused("tiny", f"This image is {width} × {height} pixels: nothing can be read on it. {TAKE_A_PHOTO}")
    if max(width, height) > LONGEST_SIDE:
        raise Refused("shape", f"This image is a strip of {width} × {height} pixels. {TAKE_A_PHOTO}")
