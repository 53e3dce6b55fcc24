import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from pytest_django.fixtures import Settings

from portal.templatetags import frame


@pytest.fixture
def someone(db: None) -> User:
    return User.objects.create_user("someone", first_name="Some", last_name="One")


def labels(user: User | AnonymousUser, path: str = "/") -> list[str]:
    request = RequestFactory().get(path)
    request.user = user
    return [place.label for place in frame.places(request)]


def test_the_rail_is_empty_before_sign_in() -> None:
    assert labels(AnonymousUser()) == []


def test_the_rail_shows_only_what_the_person_may_open(someone: User) -> None:
    before = labels(someone)
    someone.user_permissions.add(Permission.objects.get(codename="view_customer"))
    after = labels(User.objects.get(pk=someone.pk))

    assert "Customers" not in before
    assert "Customers" in after
    assert "Cards" not in after


def test_the_rail_marks_the_place_of_the_page_on_show(someone: User) -> None:
    request = RequestFactory().get(reverse("desk:queue"))
    request.user = someone

    assert [place.label for place in frame.places(request) if place.is_current] == ["Queue"]


def test_an_address_this_installation_lacks_is_left_out() -> None:
    assert frame.address("nowhere:at-all") == ""


@pytest.mark.parametrize(("is_sandbox", "word"), [(True, "Sandbox"), (False, "Production")])
def test_every_page_says_which_environment_it_is(settings: Settings, is_sandbox: bool, word: str) -> None:
    settings.CRYPTOMATE_IS_SANDBOX = is_sandbox

    assert word in render_to_string("_environment.html")


def test_the_page_for_our_fault_needs_nothing_but_itself() -> None:
    html = render_to_string("500.html")

    assert "it is our fault" in html
    assert "is kept" in html


def test_an_error_page_shows_the_reference_where_there_is_one() -> None:
    assert "3fa9c01b77de" in render_to_string("500.html", {"request_id": "3fa9c01b77de"})
    assert "Reference" not in render_to_string("500.html")


def test_a_signed_in_person_finds_the_way_out_and_only_staff_the_admin(someone: User) -> None:
    someone_else = User(username="admin", is_staff=True)

    html = render_to_string("_person.html", {"user": someone})
    staff_html = render_to_string("_person.html", {"user": someone_else})

    assert "Sign out" in html
    assert "Some One" in html
    assert "Django admin" not in html
    assert "Django admin" in staff_html


def test_no_page_of_the_frame_carries_inline_style_or_script() -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()

    html = render_to_string("base.html", {}, request) + render_to_string("500.html")

    assert "style=" not in html
    assert "<style" not in html
    assert html.count("<script") == html.count("<script src=")
