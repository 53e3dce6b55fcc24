"""One photo of each kind is measured and judged; how many of each kind are caught is for `script/bench documents`."""

from functools import cache

import pytest
from PIL import Image

from imaging.damage import KINDS
from imaging.judging import USUAL, Finding, judge, usual
from imaging.quality import measure
from imaging.specimens import PASSING, specimen

SIZE = (1280, 960)
SEED = 6

REFUSED = {"blurred": "blurred", "shaken": "blurred", "dark": "dark", "overexposed": "overexposed", "small": "small"}
DOUBTED = {
    "soft": "blurred",
    "glare": "glare",
    "turned": "sideways",
    "tilted": "tilted",
    "slanted": "slanted",
    "off a screen": "screen",
    "screenshot": "screenshot",
    "scanned": "scan",
    "copied": "colourless",
}


@cache
def measured(kind: str, seed: int = SEED) -> dict[str, float]:
    return measure(specimen(kind, seed, size=SIZE).convert("RGB"))


def findings(kind: str, seed: int = SEED) -> dict[str, Finding]:
    return {finding.code: finding for finding in judge(measured(kind, seed), USUAL)}


def test_every_kind_of_specimen_is_judged_here() -> None:
    assert set(KINDS) == {*REFUSED, *DOUBTED, *PASSING, "cropped"}


def test_a_good_photo_passes() -> None:
    assert findings("good") == {}


def test_a_thumb_that_holds_the_document_is_no_part_of_it() -> None:
    assert findings("held", 13) == {}


def test_an_open_passport_passes_even_where_the_page_above_is_cut_off() -> None:
    cut = [measured("opened", seed) for seed in (3, 6)]

    assert [judge(one, usual("passport")) for one in cut] == [[], []]
    assert any(one["page_cut"] for one in cut)


@pytest.mark.parametrize(("kind", "code"), REFUSED.items())
def test_what_the_provider_cannot_read_is_an_error(kind: str, code: str) -> None:
    assert findings(kind)[code].severity == "error"


@pytest.mark.parametrize(("kind", "code"), DOUBTED.items())
def test_what_the_provider_may_refuse_is_a_warning(kind: str, code: str) -> None:
    found = findings(kind)

    assert {code} <= set(found)
    assert {finding.severity for finding in found.values()} == {"warning"}


def test_a_document_cut_off_at_the_border_is_an_error() -> None:
    assert findings("cropped", 3)["cut"].severity == "error"


def test_a_document_that_fills_more_than_the_picture_is_a_warning_as_nobody_can_tell() -> None:
    close = specimen("good", SEED, size=SIZE).convert("RGB").crop((340, 260, 940, 700)).resize(SIZE)

    assert {finding.code: finding.severity for finding in judge(measure(close), USUAL)} == {"unseen": "warning"}


def test_numbers_mean_the_same_at_every_resolution() -> None:
    small, large = (measure(specimen("soft", SEED, size=size).convert("RGB")) for size in ((1000, 750), SIZE))

    for name in ("sharpness", "brightness", "tilt", "keystone"):
        assert large[name] == pytest.approx(small[name], rel=0.2, abs=2)


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (16, 16), (3000, 12), (7, 900)])
@pytest.mark.parametrize("colour", ["black", "white"])
def test_a_picture_of_nothing_is_measured_and_refused(size: tuple[int, int], colour: str) -> None:
    found = judge(measure(Image.new("RGB", size, colour)), USUAL)

    assert found[0].severity == "error"
