"""Pictures that do not lie: lengths follow numbers, and words never say more than the numbers do."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import drawing, wording
from desk.drawing import THINNEST, Box, Line, Picture, Words

KINDS = ("good", "waiting", "bad")
stacks = st.lists(st.tuples(*[st.integers(0, 10_000)] * 3), min_size=1, max_size=100)


@given(stacks)
def test_columns_stand_on_the_axis_as_tall_as_their_numbers_and_none_stands_out(rows: list[tuple[int, ...]]) -> None:
    counts = [dict(zip(KINDS, row, strict=True)) for row in rows]
    fullest = max(map(sum, rows))
    tips = [str(number) for number in range(len(rows))]

    boxes = drawing.columns(counts, tips=tips, top=20, height=96, fullest=fullest)

    for number, each in enumerate(counts):
        column = [box for box in boxes if box.tip == str(number)]
        assert [box.kind for box in column] == [kind for kind, count in each.items() if count]
        foot = 116.0
        for box in column:
            assert box.y + box.height == pytest.approx(foot)
            assert box.height >= THINNEST - 1e-9
            assert abs(box.height - each[box.kind] * 96 / fullest) <= THINNEST * len(KINDS)
            foot = box.y
        assert foot >= 20 - 1e-9
        assert all(box.x >= 0 and box.x + box.width <= 100 for box in column)


def test_twice_as_many_stand_twice_as_tall() -> None:
    low, high = drawing.columns([{"good": 20}, {"good": 40}], tips=["", ""], top=0, height=80, fullest=40)

    assert (low.height, high.height) == (40, 80)
    assert low.x + low.width < high.x


@given(st.dictionaries(st.sampled_from(KINDS), st.floats(0, 1e6), min_size=1).filter(lambda it: sum(it.values()) > 0.1))
def test_parts_of_a_bar_lie_side_by_side_and_fill_it(parts: dict[str, float]) -> None:
    placed = drawing.across(parts, x=10, width=80)

    at = 10.0
    for kind, x, width in placed:
        assert x == pytest.approx(at)
        assert width / 80 == pytest.approx(parts[kind] / sum(parts.values()))
        at = x + width
    assert at == pytest.approx(90)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_share_in_words_is_never_more_than_the_numbers_say(part: int, rest: int) -> None:
    whole = part + rest

    said = wording.percent(part, whole)

    assert (said == "—") == (whole == 0)
    assert (said == "100%") == (part == whole > 0)
    assert (said == "0%") == (part == 0 < whole)
    if found := re.fullmatch(r"(\d+)%", said):
        assert abs(int(found[1]) - 100 * part / whole) <= 0.5


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0, "under 1 s"), (0.4 / 3600, "under 1 s"), (30 / 3600, "30 s"),
        (59.6 / 3600, "1 min"), (0.5, "30 min"), (59.7 / 60, "1 h"), (3.25, "3.2 h"),
        (9.96, "10 h"), (47.4, "47 h"), (48, "2 days"), (60, "2.5 days"), (24 * 30, "30 days"),
    ],
)  # fmt: skip
def test_spans_are_written_as_they_are_read(hours: float, words: str) -> None:
    assert wording.span(hours) == words


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 3), date(2026, 11, 3), "3 Nov"),
        (date(2026, 11, 3), date(2026, 11, 9), "3–9 Nov"),
        (date(2026, 10, 27), date(2026, 11, 2), "27 Oct – 2 Nov"),
    ],
)
def test_days_are_written_short(first: date, last: date, words: str) -> None:
    assert wording.days_in_words(first, last) == words


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["1"], [("1", 0, "start")]),
        (["1", "2"], [("1", 0, "start"), ("2", 100, "end")]),
        (["1", "2", "3", "4", "5"], [("1", 0, "start"), ("3", 50, "middle"), ("5", 100, "end")]),
    ],
)
def test_the_axis_names_its_ends_and_its_middle(labels: list[str], shown: list[tuple[str, int, str]]) -> None:
    assert [(words.text, words.x, words.anchor) for words in drawing.under(labels, y=9)] == shown


def test_a_picture_says_what_it_shows_and_no_word_in_it_is_markup() -> None:
    shapes: list[drawing.Shape] = [
        Box("bad", 0, 1, 33.333, 2, "<b>"),
        Words("<script>", 0, 9),
        Line("axis", 0, 10, 100, 10),
    ]

    svg = str(Picture("hours", "Who & when", "Two <of> them", 12, shapes))

    assert 'role="img" aria-labelledby="hours-title hours-text"' in svg
    assert '<title id="hours-title">Who &amp; when</title><desc id="hours-text">Two &lt;of&gt; them</desc>' in svg
    assert '<rect class="bar bar--bad" x="0%" y="1" width="33.33%" height="2"><title>&lt;b&gt;</title></rect>' in svg
    assert "<script>" not in svg
    assert "style=" not in svg


def test_long_words_are_cut_between_words() -> None:
    assert wording.shortened("The document was no longer valid", most=40) == "The document was no longer valid"
    assert wording.shortened("Name or date of birth, as typed, differ", most=25) == "Name or date of birth…"
