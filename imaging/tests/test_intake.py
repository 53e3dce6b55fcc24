"""What may come in as an image, and what goes on of it."""

import hashlib
import io
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imaging import child, intake, turns
from imaging.hostile import HEIC, jpeg, noise, pdf, picture, png, saved
from imaging.intake import Examined, Refused, examine

ORIENTATION, CAMERA, PLACE = 0x0112, 0x010F, 0x8825
RED, BLUE = (255, 0, 0), (0, 0, 255)


def opened(examined: Examined) -> Image.Image:
    return Image.open(io.BytesIO(examined.content))


def camera_data(orientation: int = 6) -> Image.Exif:
    exif = Image.Exif()
    exif[ORIENTATION], exif[CAMERA], exif[PLACE] = (
        orientation,
        "A camera that knows where it is",
        {1: "N", 2: (1.0,) * 3},
    )
    return exif


def near(image: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    return image.convert("RGB").getpixel(place) == pytest.approx(colour, abs=12)


ACCEPTED: dict[str, Callable[[], bytes]] = {
    "passport.jpg": jpeg,
    "passport.JPEG": lambda: saved(picture((64, 48)), "MPO", save_all=True, append_images=[picture((16, 12))]),
    "passport.png": png,
    "passport.webp": lambda: saved(picture((64, 48)), "WEBP", quality=95),
    "passport.heic": lambda: HEIC,
    "passport.pdf": lambda: pdf(b"1 0 0 rg 0 0 150 200 re f 0 0 1 rg 150 0 150 200 re f"),
}


@pytest.mark.usefixtures("process_per_image")
@pytest.mark.parametrize("name", ACCEPTED)
def test_what_people_choose_goes_on_as_what_the_provider_takes(name: str) -> None:
    content = ACCEPTED[name]()

    examined = examine(content, name=name)

    image = opened(examined)
    assert (image.format, image.size) == (examined.kind, (examined.width, examined.height))
    assert image.format in ("JPEG", "PNG")
    assert near(image, (3, 3), RED)
    assert near(image, (image.width - 4, image.height - 4), BLUE)
    assert examined.sha256_in == hashlib.sha256(content).hexdigest()
    assert examined.sha256_out == hashlib.sha256(examined.content).hexdigest()
    assert examined.likeness
    assert "width" in examined.measures


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("passport.jpg", ""),
        ("passport.png", ""),
        ("passport.webp", "WebP"),
        ("passport.heic", "HEIC"),
        ("passport.pdf", "PDF"),
    ],
)
def test_a_conversion_is_told(name: str, said: str) -> None:
    assert examine(ACCEPTED[name](), name=name).converted_from == said


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "MPO"])
def test_a_photo_is_turned_upright_and_loses_what_the_camera_wrote(kind: str) -> None:
    content = saved(picture((64, 48)), kind, exif=camera_data(), save_all=False)

    examined = examine(content)

    image = opened(examined)
    assert image.size == (48, 64)
    assert near(image, (3, 3), RED)
    assert near(image, (3, 60), BLUE)
    assert not image.getexif()
    assert b"A camera" in content
    assert b"A camera" not in examined.content


def test_of_a_heic_the_container_says_how_it_stands_and_the_camera_is_forgotten() -> None:
    examined = examine(HEIC, name="IMG_0001.HEIC")

    image = opened(examined)
    assert image.size == (48, 64)
    assert near(image, (3, 60), BLUE)
    assert b"A camera" in HEIC
    assert b"A camera" not in examined.content


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_no_words_within_the_file_survive(kind: str) -> None:
    words = b"Written by somebody"
    options: dict[str, Any] = {"comment": words} if kind == "JPEG" else {"icc_profile": words}

    content = saved(picture((64, 48)), kind, dpi=(72, 72), **options) + words

    assert words not in examine(content).content


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("1", "PNG"),
        ("P", "PNG"),
        ("LA", "PNG"),
        ("RGBA", "PNG"),
        ("RGBA", "WEBP"),
        ("I;16", "PNG"),
    ],
)
def test_every_colour_mode_comes_out_as_colours(mode: str, kind: str) -> None:
    image = opened(examine(saved(Image.new(mode, (30, 30)), kind)))

    assert (image.mode, image.size) == ("RGB", (30, 30))


def test_what_is_transparent_shows_white_paper() -> None:
    content = saved(Image.new("RGBA", (30, 30), (200, 0, 0, 0)), "PNG")

    assert near(opened(examine(content)), (5, 5), (255, 255, 255))


def test_sixteen_bits_of_grey_keep_their_middle() -> None:
    content = saved(Image.new("I;16", (30, 30), 0x8000), "PNG")

    assert near(opened(examine(content)), (5, 5), (128, 128, 128))


def test_what_would_be_too_heavy_for_the_provider_is_made_lighter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "LARGEST", 20_000)
    content = saved(Image.frombytes("RGB", (300, 300), noise(270_000)), "PNG")

    examined = examine(content)

    assert len(examined.content) <= 20_000
    assert (examined.kind, examined.converted_from) == ("JPEG", "PNG")
    assert opened(examined).size == (examined.width, examined.height)


@pytest.mark.parametrize("name", ["", "passport", "1000012345", "image."])
def test_a_name_without_an_ending_says_nothing(name: str) -> None:
    assert examine(jpeg(), name=name).kind == "JPEG"


def photos_with_camera_data() -> list[bytes]:
    image = Image.effect_noise((60, 40), 50).convert("RGB")
    return [
        saved(image, "JPEG", exif=camera_data()),
        saved(image, "PNG", exif=camera_data()),
        saved(image.convert("P"), "PNG", transparency=3),
        saved(image, "MPO", save_all=True, append_images=[image], exif=camera_data()),
        saved(image, "WEBP", exif=camera_data()),
    ]


@pytest.mark.filterwarnings("ignore")
def test_whatever_bytes_are_changed_an_image_is_clean_or_refused() -> None:
    chance, photos = random.Random(4), photos_with_camera_data()  # noqa: S311 - the same damage every time
    refused = 0
    for _ in range(700):
        content = bytearray(chance.choice(photos))
        reach = min(len(content), chance.choice([60, 300, 700, len(content)]))
        for _ in range(chance.randint(1, 6)):
            content[chance.randrange(2, reach)] = chance.randrange(256)

        try:
            assert b"A camera" not in examine(bytes(content)).content
        except Refused:
            refused += 1

    assert 0 < refused < 700


# --- The process that opens it


def child_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    """Put this script in the place of the process that opens images."""
    (tmp_path / "imaging").mkdir()
    (tmp_path / "imaging" / "__init__.py").touch()
    (tmp_path / "imaging" / "child.py").write_text(script)
    monkeypatch.setattr(intake, "ROOT", tmp_path)


@pytest.mark.usefixtures("process_per_image")
@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "not_opened"),
        ("raise SystemExit(3)", "not_opened"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "overrun"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "interrupted"),
        ("import time; time.sleep(60)", "overrun"),
        ("print('no answer')", "not_opened"),
        ('print(\'{"kind": "JPEG"}\\n<script>\')', "not_opened"),
        ("print('[]')", "not_opened"),
        ('print(\'{"kind": "SVG"}\\n<svg>\')', "not_opened"),
    ],
    ids=[
        "crashes",
        "gives up",
        "computes for too long",
        "is told to end",
        "sleeps",
        "babbles",
        "makes no image",
        "answers a list",
        "makes another",
    ],
)
def test_a_process_that_ends_badly_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, code: str
) -> None:
    child_that(monkeypatch, tmp_path, script)
    monkeypatch.setattr(intake, "LONGEST", 0.5 if "sleep" in script else 10)

    with pytest.raises(Refused) as refusal:
        examine(jpeg())

    assert refusal.value.code == code


@pytest.mark.usefixtures("process_per_image")
def test_the_process_that_opens_images_holds_no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA_KEYS", "a secret")
    child_that(monkeypatch, tmp_path, f"import os; open({str(tmp_path / 'seen')!r}, 'w').write(repr(dict(os.environ)))")

    with pytest.raises(Refused):
        examine(jpeg())

    assert "PATH" in (tmp_path / "seen").read_text()
    assert "DATA_KEYS" not in (tmp_path / "seen").read_text()


def test_a_small_picture_gets_no_more_memory_than_it_needs() -> None:
    script = (
        "from imaging import child\n"
        "def take():\n"
        "    try: print(len(bytearray(400_000_000)))\n"
        "    except MemoryError: print('refused')\n"
        "child.limit_itself(5); take()\n"
        "child.make_room(100, 100); take()\n"
        "child.make_room(5000, 5000); take()\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=intake.ROOT, env=intake.ENVIRONMENT, capture_output=True, check=True
    )

    assert ended.stdout.split() == [b"refused", b"refused", b"400000000"]


# --- Many at once


def test_when_too_many_come_at_once_one_is_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_in_this_process", threading.BoundedSemaphore(1))
    with turns.turn(), pytest.raises(Refused, match="in a few seconds") as refusal:
        examine(jpeg())

    assert refusal.value.code == "busy"
    assert examine(jpeg()).kind == "JPEG"


def test_all_processes_of_the_machine_share_its_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(turns, "_folder", lambda: tmp_path)
    monkeypatch.setattr(turns, "ON_THE_MACHINE", 1)
    monkeypatch.setattr(turns, "PATIENCE", 0.05)
    holds = f"import fcntl, os, sys; at = os.open({str(tmp_path / '0')!r}, os.O_RDWR | os.O_CREAT)\n"
    holds += "fcntl.flock(at, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", holds], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(Refused, match="in a few seconds"):
            examine(jpeg())
        os.kill(other.pid, signal.SIGKILL)

    assert examine(jpeg()).kind == "JPEG"
