"""Decodes a file into upright RGB pixels. Meant for a process with limits: what it reads was written by strangers."""

import io
import math
from collections.abc import Callable

import simplejpeg
from PIL import Image, ImageOps

from imaging.formats import TAKE_A_PHOTO, Refused, check_pixels, cut_off

PDF_DPI = 250
MOST_PDF_PIXELS = 9_000_000
POINTS_PER_INCH = 72
WITH_PREVIEW = "MPO"  # a phone's JPEG with a second picture behind the photo; the first is the photo
MOVES = "This image moves. Choose a single photo."

Check = Callable[[int, int], None]  # told width and height before anything is decoded; raises Refused

Image.MAX_IMAGE_PIXELS = None  # Pillow's limit lets four times as much through as ours, which asks before decoding


def open_upright(content: bytes, kind: str, *, check: Check = check_pixels) -> Image.Image:
    """Return the picture as RGB, turned as its camera was held, without metadata. Raises Refused.

    Damage shows as any exception there is.
    """
    if kind == "HEIC":
        image = _open_heic(content, check)
    elif kind == "PDF":
        image = _open_pdf(content, check)
    else:
        image = _open_with_pillow(content, kind, check)
    upright = _in_rgb(image)
    upright.info.clear()
    return upright


def _open_with_pillow(content: bytes, kind: str, check: Check) -> Image.Image:
    if kind == "WebP":
        check(*webp_size(content))  # Pillow makes room for the whole picture when it reads the header
    image: Image.Image = Image.open(io.BytesIO(content), formats=(kind.upper(),))
    check(*image.size)
    if kind == "JPEG":
        _check_pixels(content)
    if image.format != WITH_PREVIEW and getattr(image, "n_frames", 1) > 1:
        raise Refused("animated", MOVES)
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    return image


def _check_pixels(content: bytes) -> None:
    """Refuse a JPEG whose pixels end before it does: Pillow draws what is missing in one colour, and says nothing."""
    try:
        simplejpeg.decode_jpeg(content, "GRAY", min_width=1, min_height=1)
    except ValueError as error:  # also of what decoders forgive: a camera's stray bytes, colours without a grey
        if "premature end" in str(error):
            raise cut_off() from None


def _open_heic(content: bytes, check: Check) -> Image.Image:
    """Return the picture as the container says it stands: the camera's own word on that does not count in a HEIC."""
    import pi_heif

    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    pi_heif.options.DECODE_THREADS = 2
    file = pi_heif.open_heif(content)
    if len(file) > 1:
        raise Refused("several_images", f"This file holds {len(file)} pictures. Choose a single photo.")
    check(*file.size)
    picture: Image.Image = file.to_pillow()
    return picture


def _open_pdf(content: bytes, check: Check) -> Image.Image:
    import pypdfium2

    try:
        file = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Refused("locked", f"This PDF is locked with a password. {TAKE_A_PHOTO}") from None
        raise
    if len(file) > 1:
        raise Refused("several_pages", f"This PDF has {len(file)} pages. Save the one that counts and choose that.")
    page = file[0]
    width, height = page.get_size()
    scale = min(PDF_DPI / POINTS_PER_INCH, math.sqrt(MOST_PDF_PIXELS / max(width * height, 1)))
    check(math.ceil(width * scale), math.ceil(height * scale))
    picture: Image.Image = page.render(scale=scale, may_draw_forms=False).to_pil()
    return picture


def _in_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I;16"):  # Pillow would cut off instead of scaling
        return Image.frombytes("L", image.size, image.tobytes()[1::2]).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image.convert("RGB")


def webp_size(content: bytes) -> tuple[int, int]:
    """Read width and height from the first chunk of a WebP file (RFC 9649)."""
    chunk, data = content[12:16], content[20:30]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
