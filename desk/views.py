from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from desk.queue import sections


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Open on the work there is; people who only administer go on to Django admin."""
    if not request.user.has_perm("customers.view_customer"):
        return redirect("admin:index")
    return TemplateResponse(request, "desk/queue.html", {"sections": sections()})


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def queue_cases(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "desk/_cases.html", {"sections": sections()})
