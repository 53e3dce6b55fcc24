"""Walks through the parts a file is made of, without decoding any, to its end or to where it breaks off."""

import re
from dataclasses import dataclass

MOST_PARTS = 20_000  # an encoder that writes small PNG chunks makes some thousand; more is made to keep us busy
AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # what ends a JPEG's entropy-coded data
SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
ALONE = {0x01, *range(0xD0, 0xD9)}  # JPEG markers without a length


@dataclass(frozen=True)
class Structure:
    is_whole: bool
    is_endless: bool = False
    scans: int = 0


def walk(content: bytes, kind: str) -> Structure:
    return _WALKS[kind](content)


def _walk_jpeg(content: bytes) -> Structure:
    at, scans = 2, 0
    for _ in range(MOST_PARTS):
        if at + 4 > len(content):
            return Structure(is_whole=content[at : at + 2] == b"\xff\xd9", scans=scans)
        marker = content[at + 1]
        if content[at] != 0xFF or marker == 0xFF:  # padding, which decoders skip as well
            at += 1
        elif marker == EOI:
            return Structure(is_whole=True, scans=scans)
        elif marker in ALONE:
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
            if marker == SOS:
                scans += 1
                after = AFTER_SCAN.search(content, at)
                at = after.start() if after else len(content)
    return Structure(is_whole=False, is_endless=True, scans=scans)


def _walk_png(content: bytes) -> Structure:
    at = 8
    for _ in range(MOST_PARTS):
        if at + 12 > len(content):
            return Structure(is_whole=False)
        if content[at + 4 : at + 8] == b"IEND":
            return Structure(is_whole=True)
        at += 12 + int.from_bytes(content[at : at + 4], "big")
    return Structure(is_whole=False, is_endless=True)


def _walk_webp(content: bytes) -> Structure:
    return Structure(is_whole=len(content) >= 8 + int.from_bytes(content[4:8], "little"))


def _walk_boxes(content: bytes) -> Structure:
    at = 0
    for _ in range(MOST_PARTS):
        if at == len(content):
            return Structure(is_whole=True)
        size = int.from_bytes(content[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(content[at + 8 : at + 16], "big")
        if size == 0:  # reaches to the end
            return Structure(is_whole=True)
        at += max(size, 8)
        if at > len(content):
            return Structure(is_whole=False)
    return Structure(is_whole=False, is_endless=True)


def _walk_pdf(content: bytes) -> Structure:
    return Structure(is_whole=b"%%EOF" in content[-2048:])


_WALKS = {"JPEG": _walk_jpeg, "PNG": _walk_png, "WebP": _walk_webp, "HEIC": _walk_boxes, "PDF": _walk_pdf}
