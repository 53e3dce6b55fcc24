"""Files that must never be taken, each made here: the tests try every one, and the bench measures what they cost."""

import base64
import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from imaging.formats import LARGEST_UPLOAD
from imaging.structure import MOST_PARTS


@dataclass(frozen=True)
class Hostile:
    """A kind of file, what a person's computer would call it, and the refusals that are right."""

    name: str
    make: Callable[[], bytes]
    codes: tuple[str, ...]
    file_name: str = ""
    exhausts: bool = False  # or crashes: opened only in a process of its own, with limits


def jpeg(size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    return saved(picture(size), "JPEG", **options)


def png(size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    return saved(picture(size), "PNG", **options)


def picture(size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, "red")
    ImageDraw.Draw(image).rectangle((size[0] // 2, 0, size[0], size[1]), fill="blue")
    return image


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def several(kind: str) -> bytes:
    other = Image.new("RGB", (64, 48), "green")
    return saved(picture((64, 48)), kind, save_all=True, append_images=[other])


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as written:
        written.writestr("word/document.xml", "<w:document/>")
    return out.getvalue()


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(
    size: tuple[int, int], data: bytes = b"", *, bits: int = 1, colour: int = 0, before: bytes = b"", end: bytes = b""
) -> bytes:
    """Return a PNG with this header and these compressed rows, whatever they hold."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, bits, colour, 0, 0, 0))
    rows = png_chunk(b"IDAT", data) if data else b""
    return b"\x89PNG\r\n\x1a\n" + header + before + rows + (end or png_chunk(b"IEND", b""))


def png_bomb(width: int, height: int) -> bytes:
    """Return some kilobytes that decode to gigabytes."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width // 8)
    rows = b"".join(packer.compress(row * 1000) for _ in range(height // 1000))
    return png_of((width, height), rows + packer.flush())


def png_text_bomb(name: bytes, beginning: bytes) -> bytes:
    bomb = beginning + zlib.compress(bytes(8_000_000), 9)
    return png_of((64, 48), zlib.compress(bytes(432)), before=png_chunk(name, bomb))


def png_of_crumbs() -> bytes:
    crumb = png_chunk(b"teXt", b"")
    return png_of((64, 48), zlib.compress(bytes(432)), before=crumb * (MOST_PARTS + 1))


def png_with_wrong_sum() -> bytes:
    content = bytearray(png())
    content[29] ^= 0xFF
    return bytes(content)


def jpeg_claiming(width: int, height: int) -> bytes:
    content = bytearray(jpeg())
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def jpeg_with(segment: bytes, *, marker: int = 0xFE) -> bytes:
    content = jpeg()
    return content[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(segment) + 2) + segment + content[2:]


def jpeg_of_scans() -> bytes:
    """Return a progressive JPEG that paints the whole picture a thousand times."""
    content = jpeg((2000, 2000), progressive=True)
    at = content.rindex(b"\xff\xda")
    return content[:at] + content[at:-2] * 1000 + b"\xff\xd9"


def jpeg_of_crumbs() -> bytes:
    content = jpeg()
    return content[:2] + b"\xff\xfe\0\2" * (MOST_PARTS + 1) + content[2:]


def jpeg_without(marker: bytes) -> bytes:
    """Return a JPEG whose tables of one kind are called a comment."""
    return jpeg().replace(marker, b"\xff\xfe")


def jpeg_changed(old: bytes, new: bytes) -> bytes:
    return jpeg().replace(old, new, 1)


def webp_claiming(width: int, height: int) -> bytes:
    canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_whole(content: bytes) -> bytes:
    """Return the beginning of a WebP that says it is all."""
    return content[:4] + struct.pack("<I", len(content) - 8) + content[8:]


def boxes(brand: bytes, *, also: bytes = b"") -> bytes:
    return struct.pack(">I", 16 + len(also)) + b"ftyp" + brand + bytes(4) + also


def heic_claiming(width: int, height: int) -> bytes:
    content = bytearray(HEIC)
    at = content.index(b"ispe")
    content[at + 8 : at + 16] = struct.pack(">II", width, height)
    return bytes(content)


def heic_with_noise() -> bytes:
    content = bytearray(HEIC)
    at = content.index(b"mdat")
    content[at + 4 :] = noise(len(content) - at - 4)
    return bytes(content)


def noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)  # noqa: S311 - the same bytes every time


def pdf(*pages: bytes, box: str = "0 0 300 200", more: tuple[bytes, ...] = (), trailer: bytes = b"") -> bytes:
    """Return a PDF whose pages have these drawing instructions. `more` are objects from number 3 + 2 × pages on."""
    kids = b" ".join(b"%d 0 R" % (3 + 2 * at) for at in range(len(pages)))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, len(pages))]
    for at, drawn in enumerate(pages):
        forms = b"/Resources<</XObject<</X %d 0 R>>>>" % (3 + 2 * len(pages)) if more else b""
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[%b]/Contents %d 0 R%b>>" % (box.encode(), 4 + 2 * at, forms)
        )
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(drawn), drawn))
    return _pdf_of([*objects, *more], trailer)


def _pdf_of(objects: list[bytes], trailer: bytes) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, held in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%b endobj\n" % (number, held)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size %d/Root 1 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, table)
    return bytes(out)


def pdf_locked() -> bytes:
    key = b"0" * 64
    lock = b"/Encrypt<</Filter/Standard/V 1/R 2/O<%b>/U<%b>/P -4>>/ID[<00><00>]" % (key, key)
    return pdf(b"", trailer=lock)


def pdf_of_echoes() -> bytes:
    """Return a page that draws a form ten times, which draws a form ten times, nine deep."""
    form = b"<</Type/XObject/Subtype/Form/BBox[0 0 300 200]%b/Length %d>>stream\n%b\nendstream"
    ten = b"/X Do " * 10
    forms = [form % (b"/Resources<</XObject<</X %d 0 R>>>>" % (6 + depth), len(ten), ten) for depth in range(9)]
    last = form % (b"", 18, b"0 0 300 200 re f  ")
    return pdf(b"/X Do " * 10, more=(*forms, last))


def svg_bomb() -> bytes:
    names = "".join(f'<!ENTITY a{at + 1} "{f"&a{at};" * 10}">' for at in range(9))
    return f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a0 "ha">{names}]><svg xmlns="x">&a9;</svg>'.encode()


def decoded(text: bytes) -> bytes:
    return base64.b85decode(text)


# A 64 by 48 picture, red on the left and blue on the right as the sensor saw it, which the container turns clockwise
# and whose camera left its name: readers on PyPI open HEIC, and none writes it.
HEIC = decoded(
    rb"0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<0005VZDn*}000000000XXk=`10000000000aA{+700000000000000000000G-+&aV*mgE07O"
    rb"6l0ssL300001>;M4(00000003$L0ssI200LG30RR9100000IsgCwIB98aW&i*H00062000$fZf0cy000000RRAKc4ILB0000LX>Mj^0ssI30"
    rb"0IC2MR;ju000004sdC7Z2$lO00031009SSaB^?}008D`aAR)(004Gqc4I>U18@KU0FVFx0000U@BsY%`1k+-4+CHT0RR|40Sp2E{{wIU00RJ"
    rb"!0009300RIXx&lC90096hLID8-Z~y=U0FVFx0{{R603M(qfd!W8<fgf}2xu@M00096AOHXZ03l)k0RRR>0l{;?i2wiq6Ju{|a&BX6cmM$a4F"
    rb"Cp!0000KX>)L8000000000$0000$0000eV{Bn?0000$000010000m000010000000002|NsB+000020000GaA|mH000000|*ER00009X>xCL"
    rb"0{{R38EJ5BVE_OC000000RRC8fdT^sgoXeB02*m>Wo7^X0000001jhhb7KGk0096200022ZDe6|0001HC;_h%fcOyMr~mv-DF6C(&kxhgiHZ"
    rb"OE(^5zHR6GCHiNo?rMYF7VeV+dZ;vGt)O1H+6z8&*6vHzXo+r<JI-XkuFWpczn?B&G9zNy?h?qhm=s!?tKH=3ci#^I;jY<fGN61V^W00u>PX"
    rb"=VTbO-%qQ0000800IFI00IC200{s9044zv00RI30096700000002QCV_|J&a$x`f"
)
TWO_PICTURES_HEIC = decoded(
    rb"0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<00053ZDn*}000000000XXk=`10000000000aA{+700000000000000000000G-+&aV*mgE07O"
    rb"6l0ssL300001&;S7d00000003$L0ssI200KGy0RR91000009RL6TIB98aW&i*H00062000$fZf0cy000000RRAKc4ILB0000LX>Mj^0ssI20"
    rb"0IC2Xm(>U000004sdC7Z2$lO00031009MQaB^?}007--aAR)(004Gqc4I>U18@KU0FVFx0000U@BsY%`1k+-4+CHT0RR|40Sp2E{{wIU00RJ"
    rb"!0009300RIXx&lC90096hLID8-Z~y=U0FVFx0{{R603M(qfd!W8<fgf}2xu@M00096AOHXZ03l)k0RRR>0l{;?i2wiq6Ju{|a&BX6cmM$a4F"
    rb"Cp!0000KX>)L8000000000$0000$0000eV{Bn?0000$000010000m000010000000002|NsB+000020000GaA|mH000000|*ER0000WX>e^}"
    rb"0000000002009Mo0s{qv00ISp0s{qv0001wZDe6|0001HC;_h%fcOyMr~mv-DF6C(&kxhgiHZOE(^5zHR6GCHiNo?rMYF7VeV+dZ;vGt)O1H"
    rb"+6z8&*6vHzXo+r<JI-XkuFWpczn?B&G9zNy?h?qhm=s!?tKH=3ci#^I;jY<fGN61V^W02wF&uM>dvCxJiz;>Ab*(e|(W-0gmO^3?D"
)

PHP = b"<?php system($_GET['c']); ?>"
PAGE = b"<html><script>alert(document.cookie)</script></html>"
MACHO = b"\xcf\xfa\xed\xfe" + bytes(60)

HOSTILE = [
    Hostile("nothing", bytes, ("empty",)),
    Hostile("one byte", lambda: b"\xff", ("type",)),
    Hostile("text", lambda: b"My passport is AB1234567.", ("type",), "passport.jpg"),
    Hostile("text in UTF-16", lambda: "passport".encode("utf-16"), ("type",), "passport.jpg"),
    Hostile("noise", lambda: b"\x80" + noise(5000), ("type",), "passport.jpg"),
    Hostile("zeros", lambda: bytes(5000), ("type",), "passport.jpg"),
    Hostile("just above the limit", lambda: b"\xff\xd8\xff" + bytes(LARGEST_UPLOAD), ("too_large",)),
    Hostile("200 MB", lambda: bytes(200_000_000), ("too_large",)),
    # --- Other kinds of files
    Hostile("GIF", lambda: saved(picture((8, 8)), "GIF"), ("gif",), "passport.jpg"),
    Hostile("moving GIF", lambda: several("GIF"), ("gif",), "passport.gif"),
    Hostile("BMP", lambda: saved(picture((8, 8)), "BMP"), ("bmp",), "passport.bmp"),
    Hostile("TIFF", lambda: saved(picture((8, 8)), "TIFF"), ("tiff",), "passport.tif"),
    Hostile("TIFF of two pages", lambda: several("TIFF"), ("tiff",), "passport.tif"),
    Hostile("raw photo", lambda: b"MM\0*" + bytes(100), ("tiff",), "passport.dng"),
    Hostile("icon", lambda: saved(picture((16, 16)), "ICO"), ("icon",)),
    Hostile("Photoshop", lambda: b"8BPS\0\1" + bytes(60), ("photoshop",)),
    Hostile("JPEG 2000", lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(60), ("jpeg2000",), "passport.jpg"),
    Hostile("JPEG XL", lambda: b"\xff\x0a" + bytes(60), ("jpegxl",), "passport.jpg"),
    Hostile("AVIF", lambda: saved(picture((16, 16)), "AVIF"), ("avif",), "passport.heic"),
    Hostile("PostScript", lambda: b"%!PS-Adobe-3.0 EPSF\n(/etc/passwd) (r) file", ("postscript",), "passport.jpg"),
    Hostile("SVG", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", ("svg",), "passport.svg"),
    Hostile("SVG that calls a script", lambda: b"<?xml version='1.0'?>\n<svg onload='alert(1)'/>", ("svg",), "a.png"),
    Hostile(
        "SVG that reads a file",
        lambda: b"<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg >&x;</svg>",
        ("svg",),
    ),
    Hostile("SVG bomb", svg_bomb, ("svg",), "passport.svg"),
    Hostile("web page", lambda: PAGE, ("html",), "passport.jpg"),
    Hostile("XML", lambda: b"<?xml version='1.0'?><note/>", ("xml",)),
    Hostile("ZIP", archive, ("zip",), "passport.zip"),
    Hostile("office document", archive, ("zip",), "passport.docx"),
    Hostile("old office document", lambda: b"\xd0\xcf\x11\xe0" + bytes(600), ("office",), "passport.doc"),
    Hostile("gzip bomb", lambda: gzip.compress(bytes(2_000_000)), ("archive",), "passport.jpg"),
    Hostile("7z", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(60), ("archive",)),
    Hostile("RAR", lambda: b"Rar!\x1a\x07\x01\0" + bytes(60), ("archive",)),
    Hostile("Windows program", lambda: b"MZ\x90\0" + bytes(200), ("program",), "passport.jpg.exe"),
    Hostile("Linux program", lambda: b"\x7fELF\2\1\1" + bytes(60), ("program",), "passport.png"),
    Hostile("Mac program", lambda: MACHO, ("program",), "passport.png"),
    Hostile("shell script", lambda: b"#!/bin/sh\nrm -rf /", ("program",), "passport.jpg"),
    Hostile("PHP", lambda: PHP, ("xml",), "passport.php"),
    Hostile("film", lambda: boxes(b"isom", also=b"avc1mp41") + bytes(60), ("film",), "passport.mp4"),
    Hostile("QuickTime", lambda: boxes(b"qt  ") + bytes(60), ("film",), "passport.mov"),
    Hostile("WebM", lambda: b"\x1aE\xdf\xa3" + bytes(60), ("film",)),
    Hostile("AVI", lambda: b"RIFF\x40\0\0\0AVI LIST" + bytes(60), ("film",)),
    # --- Names that say something else
    Hostile("JPEG called PNG", jpeg, ("extension",), "passport.png"),
    Hostile("PNG called JPEG", png, ("extension",), "passport.jpg"),
    Hostile("JPEG called a program", jpeg, ("extension",), "passport.jpg.exe"),
    Hostile("JPEG called a page", jpeg, ("extension",), "passport.html"),
    Hostile("HEIC called JPEG", lambda: HEIC, ("extension",), "IMG_0001.JPG"),
    Hostile("PDF called JPEG", lambda: pdf(b""), ("extension",), "passport.jpg"),
    # --- Two files in one
    Hostile("JPEG with an archive behind", lambda: jpeg() + archive(), ("polyglot",), "passport.jpg"),
    Hostile("PNG with an archive behind", lambda: png() + archive(), ("polyglot",), "passport.png"),
    Hostile("JPEG with PHP in its comment", lambda: jpeg_with(PHP), ("polyglot",), "passport.jpg"),
    Hostile("JPEG with a page behind", lambda: jpeg() + PAGE, ("polyglot",), "passport.jpg"),
    Hostile("JPEG that is a PDF", lambda: jpeg_with(pdf(b"")), ("polyglot",), "passport.jpg"),
    Hostile(
        "PNG with a script in its text",
        lambda: png_of((64, 48), zlib.compress(bytes(432)), before=png_chunk(b"tEXt", b"Title\0" + PAGE)),
        ("polyglot",),
    ),
    Hostile(
        "PDF with an archive behind", lambda: pdf(b"") + archive()[:-2] + b"\0\0%%EOF", ("polyglot",), "passport.pdf"
    ),
    Hostile("PDF with PHP", lambda: pdf(PHP), ("polyglot",), "passport.pdf"),
    Hostile("GIF that is an archive", lambda: saved(picture((8, 8)), "GIF") + archive(), ("gif",)),
    Hostile("WebP with a page behind", lambda: saved(picture((8, 8)), "WEBP") + PAGE, ("polyglot",), "passport.webp"),
    Hostile("HEIC with a page behind", lambda: HEIC + struct.pack(">I", 8 + len(PAGE)) + b"free" + PAGE, ("polyglot",)),
    # --- JPEG
    Hostile("JPEG of three bytes", lambda: b"\xff\xd8\xff", ("truncated",)),
    Hostile("JPEG cut in its header", lambda: jpeg()[:100], ("truncated",)),
    Hostile("JPEG cut in its pixels", lambda: jpeg((400, 300))[:-40], ("truncated",)),
    Hostile("JPEG cut, with an end put on", lambda: jpeg((400, 300))[:-40] + b"\xff\xd9", ("truncated",)),
    Hostile("JPEG without its last mark", lambda: jpeg()[:-2], ("truncated",)),
    Hostile("JPEG of 4,295 megapixels", lambda: jpeg_claiming(65500, 65500), ("too_many_pixels",)),
    Hostile("JPEG just above 40 megapixels", lambda: jpeg_claiming(8000, 5001), ("too_many_pixels",)),
    Hostile("JPEG strip", lambda: jpeg_claiming(65500, 16), ("shape",)),
    Hostile("JPEG of no height", lambda: jpeg_claiming(64, 0), ("damaged", "tiny")),
    Hostile("JPEG of one pixel", lambda: jpeg((1, 1)), ("tiny",)),
    Hostile("JPEG without tables", lambda: jpeg_without(b"\xff\xdb"), ("damaged",)),
    Hostile(
        "JPEG of seven components",
        lambda: jpeg_changed(b"\x08\x00\x30\x00\x40\x03", b"\x08\x00\x30\x00\x40\x07"),
        ("damaged",),
    ),
    Hostile("JPEG of a thousand scans", jpeg_of_scans, ("too_complex",)),
    Hostile("JPEG of crumbs", jpeg_of_crumbs, ("too_complex",)),
    # --- PNG
    Hostile("PNG of eight bytes", lambda: b"\x89PNG\r\n\x1a\n", ("truncated",)),
    Hostile("PNG cut in its pixels", lambda: png((400, 300))[:-60], ("truncated",)),
    Hostile("PNG without its end", lambda: png()[:-12], ("truncated",)),
    Hostile("PNG with few of its rows", lambda: png_of((64, 48), zlib.compress(bytes(20))), ("damaged",)),
    Hostile("PNG without rows", lambda: png_of((64, 48)), ("damaged",)),
    Hostile("PNG of noise", lambda: png_of((64, 48), noise(500)), ("damaged",)),
    Hostile("PNG with a wrong sum", png_with_wrong_sum, ("damaged",)),
    Hostile("PNG of no width", lambda: png_of((0, 48), zlib.compress(bytes(48))), ("damaged", "tiny")),
    Hostile("PNG bomb", lambda: png_bomb(16_000, 16_000), ("too_many_pixels",), "passport.png"),
    Hostile("PNG of two thousand megapixels in a row", lambda: png_of((2**31 - 1, 1), b"x"), ("too_many_pixels",)),
    Hostile("PNG strip", lambda: png_of((30_000, 100), b"x"), ("shape",)),
    Hostile("PNG with a text bomb", lambda: png_text_bomb(b"zTXt", b"Title\0\0"), ("damaged",)),
    Hostile("PNG with a profile bomb", lambda: png_text_bomb(b"iCCP", b"icc\0\0"), ("damaged",)),
    Hostile("PNG of crumbs", png_of_crumbs, ("too_complex",)),
    Hostile("moving PNG", lambda: several("PNG"), ("animated",), "passport.png"),
    # --- WebP
    Hostile("WebP cut", lambda: saved(picture((64, 48)), "WEBP")[:-20], ("truncated",)),
    Hostile("WebP with few of its pixels", lambda: webp_whole(saved(picture((400, 300)), "WEBP")[:120]), ("damaged",)),
    Hostile("WebP of 268 megapixels", lambda: webp_claiming(16_383, 16_383), ("too_many_pixels",)),
    Hostile("moving WebP", lambda: several("WEBP"), ("animated",), "passport.webp"),
    # --- HEIC
    Hostile("HEIC cut", lambda: HEIC[:-40], ("truncated",)),
    Hostile("HEIC of a header", lambda: boxes(b"heic", also=b"mif1"), ("damaged",)),
    Hostile(
        "HEIC that crashes its decoder", lambda: HEIC.replace(b"Exif", b"E\x99if", 1), ("not_opened",), exhausts=True
    ),
    Hostile("HEIC of noise", heic_with_noise, ("damaged",)),
    Hostile("HEIC of 268 megapixels", lambda: heic_claiming(16_384, 16_384), ("too_many_pixels", "damaged")),
    Hostile("HEIC of two pictures", lambda: TWO_PICTURES_HEIC, ("several_images",)),
    Hostile("moving HEIC", lambda: boxes(b"hevc", also=b"msf1"), ("animated",)),
    # --- PDF
    Hostile("PDF of nine bytes", lambda: b"%PDF-1.7\n", ("truncated",)),
    Hostile("PDF cut", lambda: pdf(b"")[:-200], ("truncated",)),
    Hostile("PDF of nothing", lambda: b"%PDF-1.7\n%%EOF", ("damaged",)),
    Hostile("PDF of two pages", lambda: pdf(b"", b""), ("several_pages",), "passport.pdf"),
    Hostile("PDF of no page", pdf, ("damaged",)),
    Hostile("PDF with a password", pdf_locked, ("locked",)),
    Hostile("PDF strip", lambda: pdf(b"", box="0 0 14400 1"), ("tiny",)),
    Hostile("PDF of echoes", pdf_of_echoes, ("overrun", "not_opened", "too_heavy"), exhausts=True),
]
