from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cards import declines, display
from cards.models import Card
from cards.statuses import CARD_TRANSITIONS, CARD_WORDS, CardStatus, EventKind, TransactionState
from cards.tests.making import make_card
from cryptomate.shapes.cards import CARD_STATUSES
from customers.models import StatusChange
from customers.status_changes import StepNotAllowed
from customers.statuses import Source
from provider.models import ProviderCall

PAIRS = [(here, there) for here in CardStatus for there in CardStatus if here != there]


def test_every_status_says_where_it_may_go_and_every_word_is_known() -> None:
    assert set(CARD_TRANSITIONS) == set(CardStatus)
    assert {word.upper() for word in CARD_WORDS} == CARD_STATUSES


@pytest.mark.django_db
@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_a_person_takes_exactly_the_steps_of_the_table(here: str, there: str, officer: User) -> None:
    card = make_card(status=here)

    if there in CARD_TRANSITIONS[here]:
        card.change_status(there, source=Source.OFFICER, by=officer)
        assert Card.objects.get().status == there
    else:
        with pytest.raises(StepNotAllowed, match="cannot become"):
            card.change_status(there, source=Source.OFFICER, by=officer)
        assert Card.objects.get().status == here


@pytest.mark.django_db
@pytest.mark.parametrize(("here", "there"), PAIRS)
def test_every_step_of_the_provider_is_followed_and_strange_ones_are_marked(here: str, there: str) -> None:
    make_card(status=here).change_status(there, source=Source.WEBHOOK)

    assert Card.objects.get().status == there
    assert StatusChange.objects.get().unexpected == (there not in CARD_TRANSITIONS[here])


@pytest.mark.parametrize("status", [*CardStatus, *TransactionState, *EventKind])
def test_every_status_means_something(status: CardStatus | TransactionState | EventKind) -> None:
    assert status.meaning in ("good", "waiting", "bad", "neutral")


MONEY = ["M101", "M102", "M201", "M202", "M203", "M204", "M214"]
RULES = ["M000", "M210", "M211", "M212", "M213", "C011", "C103"]
ENTRY = ["C010", "C012", "C020", "C101", "C102"]


@pytest.mark.parametrize("code", [*MONEY, *RULES, *ENTRY])
def test_every_documented_decline_has_plain_words_and_says_what_helps(code: str) -> None:
    words = declines.words_of(code.lower(), "Declined")

    assert not words.what.startswith("Declined")
    assert words.helps


def test_an_unlisted_code_is_shown_rather_than_nothing() -> None:
    assert declines.words_of("Z1").what == "The provider gave the code Z1"
    assert declines.words_of("").what == ""
    assert declines.words_of("Z1").helps == ""


@pytest.mark.parametrize(("waited", "pace"), [(0, 500), (4, 500), (5, 1000), (15, 2000), (30, 5000), (3000, 5000)])
def test_a_page_asks_ever_less_often_the_longer_a_call_is_open(waited: int, pace: int) -> None:
    now = timezone.now()
    call = ProviderCall(state="SENT", wanted_at=now - timedelta(seconds=waited))

    assert display.poll_ms([call], now) == pace
    assert display.poll_ms([], now) == display.AT_REST
