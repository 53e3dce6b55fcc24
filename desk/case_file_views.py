import uuid

from django.contrib.auth.decorators import permission_required
from django.http import FileResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from customers.models import Customer
from customers.views import PersonRequest
from desk.actions import MAKES_CASE_FILES, make_case_file
from people.confirming import way_to_password


@require_POST
@permission_required(MAKES_CASE_FILES, raise_exception=True)
def case_file(request: PersonRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Answer with the ZIP, under a name that names nobody."""
    customer, now = get_object_or_404(Customer, pk=pk), timezone.now()
    if away := way_to_password(request, back_to=reverse("customers:detail", args=[pk])):
        return away
    file = make_case_file(customer=customer, by=request.user, now=now)
    name = f"case-{str(customer.pk)[:8]}-{now:%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
