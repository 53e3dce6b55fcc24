"""Draws documents of people who do not exist, for the demo and the tests."""

import io

from PIL import Image, ImageDraw, ImageFont

SIZE = (1400, 980)
PAPER, INK, BAND, FACE = "#e9eef2", "#1f2b37", "#38597a", "#c3ced8"


def specimen(*, title: str, name: str, number: str) -> bytes:
    """Return a JPEG that looks like a photo of a document with these words on it."""
    image = Image.new("RGB", SIZE, "#8d8a84")
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((90, 90, SIZE[0] - 90, SIZE[1] - 90), radius=36, fill=PAPER)
    draw.rectangle((90, 150, SIZE[0] - 90, 240), fill=BAND)
    _write(draw, (140, 165), f"{title} · SPECIMEN", size=52, fill="white")
    _portrait(draw)
    for line, (label, value) in enumerate((("Name", name), ("Number", number), ("Country", "UTOPIA"))):
        top = 320 + 130 * line
        _write(draw, (620, top), label, size=28, fill="#5b6a78")
        _write(draw, (620, top + 36), value, size=50, fill=INK)
    _write(draw, (140, 790), f"P<UTO{name.upper().replace(' ', '<'):<<40}"[:44], size=36, fill=INK)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


def _portrait(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((150, 300, 540, 740), fill=FACE)
    draw.ellipse((260, 370, 430, 560), fill=PAPER)
    draw.chord((200, 570, 490, 900), 180, 360, fill=PAPER)


def _write(draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, *, size: int, fill: str) -> None:
    draw.text(place, text, font=ImageFont.load_default(size), fill=fill)
