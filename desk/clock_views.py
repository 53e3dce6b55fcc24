import uuid

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from desk.clocks import clocks_of
from desk.models import Case


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def clocks(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Answer a poll with where the time of a customer's case went up to now."""
    case = get_object_or_404(Case, pk=pk)
    return TemplateResponse(request, "desk/_clocks.html", {"clocks": clocks_of(case, now=timezone.now())})
