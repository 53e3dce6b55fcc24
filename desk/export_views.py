"""Files that leave the portal. Each asks for the password again, unless it was given a short while ago."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from audit.export import csv_of
from audit.forms import EventFilter
from audit.views import listed
from customers.models import Customer
from customers.policies import NotAllowed
from customers.views import PersonRequest
from desk.actions import EXPORTS_LOG, MAKES_CASE_FILES, export_log, make_case_file
from people.approvals import Approval
from people.confirming import way_to_password
from people.waiting import TOLD


@require_POST
@permission_required(MAKES_CASE_FILES, raise_exception=True)
def case_file(request: PersonRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Answer with the ZIP, under a name that names nobody."""
    customer, now = get_object_or_404(Customer, pk=pk), timezone.now()
    page = reverse("customers:detail", args=[pk])
    if away := way_to_password(request, back_to=page):
        return away
    try:
        file = make_case_file(customer=customer, by=request.user, now=now)
    except NotAllowed as refusal:
        return _back(request, page, str(refusal))
    if isinstance(file, Approval):
        return _back(request, page, TOLD)
    name = f"case-{str(customer.pk)[:8]}-{now:%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


@require_POST
@permission_required(EXPORTS_LOG, raise_exception=True)
def log(request: PersonRequest) -> HttpResponseBase:
    """Send the part of the audit log that the address asks for, the whole of it, as a file."""
    form = EventFilter(request.GET)
    if not form.is_valid():
        return listed(request, form)
    page = reverse("audit:index") + form.address()
    if away := way_to_password(request, back_to=page):
        return away
    try:
        waits = export_log(filters=form.chosen(), customer_id=form.cleaned_data["customer"], by=request.user)
    except NotAllowed as refusal:
        return _back(request, page, str(refusal))
    if waits:
        return _back(request, page, TOLD)
    headers = {"Content-Disposition": f'attachment; filename="audit-{timezone.now():%Y-%m-%d}.csv"'}
    lines = csv_of(form.events().latest_first())
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def _back(request: PersonRequest, page: str, sentence: str) -> HttpResponseBase:
    messages.info(request, sentence)
    return redirect(page)
