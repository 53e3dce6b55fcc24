"""What is said of measurements."""

from dataclasses import replace

from imaging.judging import USUAL, judge, usual

GOOD = {
    "width": 1200.0, "edges": 90.0, "cut": 0.0, "page_cut": 0.0, "tilt": 2.0, "keystone": 3.0, "sideways": -5.0,
    "brightness": 200.0, "blown": 0.0, "glare": 0.0, "sharpness": 90.0, "colour": 6.0, "screen": 18.0, "scan": 0.0,
    "screenshot": 0.0,
}  # fmt: skip


def test_nothing_is_said_of_a_good_photo() -> None:
    assert judge(GOOD, USUAL) == []


def test_a_sentence_says_what_was_measured_what_is_needed_and_what_to_do() -> None:
    (finding,) = judge(GOOD | {"sharpness": 21.4}, USUAL)

    assert finding.sentence == (
        "The photo is blurred (sharpness 21, needs 30). Take it again in better light, holding still."
    )
    assert (finding.code, finding.severity, finding.measured, finding.limit) == ("blurred", "error", 21.4, 30)


def test_between_the_two_limits_is_a_warning() -> None:
    assert [finding.severity for finding in judge(GOOD | {"sharpness": 40.0}, USUAL)] == ["warning"]


def test_a_limit_itself_passes() -> None:
    assert judge(GOOD | {"sharpness": USUAL.least_sharpness_doubtful, "tilt": USUAL.most_tilt_doubtful}, USUAL) == []


def test_errors_are_said_before_warnings() -> None:
    found = judge(GOOD | {"sharpness": 40.0, "tilt": 30.0, "cut": 20.0}, USUAL)

    assert [finding.severity for finding in found] == ["error", "warning", "warning"]


def test_what_follows_from_another_fault_is_not_said() -> None:
    found = judge(GOOD | {"brightness": 20.0, "sharpness": 5.0, "colour": 0.5, "edges": 10.0}, USUAL)

    assert [finding.code for finding in found] == ["dark"]


def test_thresholds_decide() -> None:
    strict = replace(USUAL, least_width_refused=2000)

    assert [finding.limit for finding in judge(GOOD, strict)] == [2000]


def test_a_measure_that_is_missing_says_nothing() -> None:
    assert judge({}, USUAL) == []


def test_the_page_above_a_passport_may_be_cut_off_and_no_other_document() -> None:
    cut = GOOD | {"page_cut": 20.0}

    assert judge(cut, usual("passport")) == []
    assert [finding.code for finding in judge(cut, usual("national_id"))] == ["page_cut"]
