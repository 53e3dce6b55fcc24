"""Pages that hold one of each widget, for a browser to try."""

import time

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import RequestContext, Template
from django.urls import path

SLOT = """{% load display %}{% slot papers.back note=note hx_post="/kept/" hx_trigger="change" hx_swap="outerHTML"
hx_target="#id_papers_back_field" %}""".replace("\n", " ")

PAGE = """
{% extends "base.html" %}{% load display %}
{% block content %}
  <form class="form" id="person" method="post" novalidate hx-post="/" hx-target="#person" hx-select="#person"
        hx-swap="outerHTML">
    {% csrf_token %}{% error_summary form %}
    {% field form.name %}{% field form.born %}{% field form.cards data_reveals="cards" %}
    <fieldset class="group" id="cards" data-closed><legend>Cards</legend>{% field form.job required=True %}</fieldset>
    <button class="button">Save</button>
  </form>
  <form method="post" action="/opened/">{% csrf_token %}<button class="button">Send plainly</button></form>
  {% slot form.image %}
  <form class="form" id="papers" method="post" hx-post="/sent/" hx-target="#papers" hx-swap="outerHTML"
        hx-encoding="multipart/form-data">
    SLOT <button class="button">Send papers</button>
  </form>
  <table class="table table--rows">
    <tbody><tr><td><a href="/opened/">Maria</a></td><td>elsewhere {% copy "4QWq1r" %}</td></tr></tbody>
  </table>
  <a class="button" role="button" href="#freeze" data-opens="freeze">Freeze</a>
  <dialog class="dialog" id="freeze">
    <p>Purchases are declined.</p><a class="button" role="button" href="#" data-closes>Cancel</a>
  </dialog>
  <button class="button" hx-get="/broken/">Break</button>
  <button class="button" hx-get="/signed-out/">Ask</button>
  <form method="post" hx-post="/signed-out/" hx-target="#main" hx-select="#main" hx-swap="outerHTML">
    <button class="button">Send too late</button>
  </form>
  <form id="answer" method="post" hx-post="/answered/" hx-target="#answer" hx-swap="outerHTML">
    <h3>Phone</h3><button class="button">Answer</button>
  </form>
  <button class="button" hx-get="/spoken/" hx-swap="none">Speak</button>
  <button class="button" hx-get="/progress/" hx-target="#progress" hx-swap="outerHTML">Move on</button>
  <p id="progress" data-announce data-watch>0 of 2 supplied</p>
{% endblock %}
""".replace("SLOT", SLOT)


class PersonForm(forms.Form):
    name = forms.CharField(label="Name")
    born = forms.DateField(label="Born", required=False)
    cards = forms.BooleanField(label="With cards", required=False)
    job = forms.CharField(label="Job", required=False)
    image = forms.FileField(label="Front image", required=False)


class PapersForm(forms.Form):
    back = forms.FileField(label="Back image", required=False)


def papers() -> PapersForm:
    return PapersForm(auto_id="id_papers_%s")


@login_not_required
def widgets(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.POST or None)
    _answer_slowly(request)
    drawn = Template(PAGE).render(RequestContext(request, {"form": form, "papers": papers(), "note": ""}))
    return HttpResponse(drawn, status=422 if form.errors else 200)


def _answer_slowly(request: HttpRequest) -> None:
    if request.method == "POST":
        time.sleep(0.4)  # long enough for a second click and for the busy ring


@login_not_required
def opened(request: HttpRequest) -> HttpResponse:
    _answer_slowly(request)
    return HttpResponse("<h1>Opened</h1>")


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    return HttpResponse("no", status=500)


@login_not_required
def signed_out(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/accounts/login/?next=/")


@login_not_required
def answered(request: HttpRequest) -> HttpResponse:
    return HttpResponse('<details id="answer"><summary>Phone, supplied</summary></details>')


@login_not_required
def kept(request: HttpRequest) -> HttpResponse:
    note = "Kept " + ", ".join(str(file.name) for file in request.FILES.getlist("back"))
    return HttpResponse(Template(SLOT).render(RequestContext(request, {"papers": papers(), "note": note})))


@login_not_required
def sent(request: HttpRequest) -> HttpResponse:
    return HttpResponse('<p id="papers">Papers sent</p>')


@login_not_required
def login(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>Username and password, please</p>")


@login_not_required
def spoken(request: HttpRequest) -> HttpResponse:
    return HttpResponse(
        headers={"HX-Trigger": '{"messages": {"items": [{"level": "success", "text": "Card frozen"}]}}'}
    )


@login_not_required
def progress(request: HttpRequest) -> HttpResponse:
    return HttpResponse('<p id="progress" data-announce data-watch>1 of 2 supplied</p>')


urlpatterns = [
    path("", widgets),
    path("opened/", opened),
    path("broken/", broken),
    path("signed-out/", signed_out),
    path("answered/", answered),
    path("kept/", kept),
    path("sent/", sent),
    path("accounts/login/", login),
    path("admin/", admin.site.urls),  # whose pages the middleware knows
    path("spoken/", spoken),
    path("progress/", progress),
]
