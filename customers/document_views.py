"""Looking at documents: the page of one, and its images, which have no address besides these."""

import logging
import uuid

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from customers import views
from customers.document_images import describe_image, look_at, open_image
from customers.document_page import DocumentPage, find_document
from customers.models import Document
from customers.pages import person_of
from customers.views import PersonRequest
from vault.cipher import CannotDecrypt
from vault.stores import StoreAway

logger = logging.getLogger(__name__)

# A picture and nothing else: it may run nothing, load nothing, stand in nobody's page, and stay in no cache.
IMAGE_HEADERS = {
    "Cache-Control": "no-store, private",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@permission_required("customers.view_document_image", raise_exception=True)
def viewer(request: PersonRequest, pk: uuid.UUID, document: uuid.UUID) -> HttpResponse:
    found = find_document(document, customer_id=pk)
    if found is None:  # the provider may name a requirement by a UUID, too
        return views.document(request, pk=pk, requirement=str(document))
    return _page(request, found)


@require_safe
def _page(request: PersonRequest, document: Document) -> HttpResponse:
    page = DocumentPage(document, person_of(request.user, document.customer), side=request.GET.get("side", ""))
    if request.method == "GET" and page.sides:
        look_at(document=document, sides=[side.name for side in page.sides], by=request.user)
    response = render(request, "customers/viewer.html", {"page": page, "customer": page.customer})
    response["Cache-Control"] = "no-store, private"
    return response


@require_safe
@permission_required("customers.view_document_image", raise_exception=True)
def image(request: PersonRequest, pk: uuid.UUID, document: uuid.UUID, side: str) -> HttpResponse:
    found = get_object_or_404(Document, pk=document, customer=pk)
    is_shown = request.method == "GET"
    try:
        stored = (open_image if is_shown else describe_image)(document=found, side=side, by=request.user)
    except StoreAway as error:
        return _not_now(str(error))
    except (CannotDecrypt, FileNotFoundError) as error:
        logger.error("The image of document %s does not open (%s)", found.pk, type(error).__name__)  # noqa: TRY400
        return _not_now("This image does not open. Tell an admin, who finds the reason in the log.")
    if stored is None:
        raise Http404("This side was not uploaded.")
    return HttpResponse(
        stored.content if is_shown else b"",
        headers={
            **IMAGE_HEADERS,
            "Content-Type": stored.content_type,
            "Content-Disposition": f'inline; filename="{stored.name}"',
            "Content-Length": str(len(stored.content)),
        },
    )


def _not_now(sentence: str) -> HttpResponse:
    headers = {**IMAGE_HEADERS, "Retry-After": "10"}
    return HttpResponse(sentence, status=503, content_type="text/plain", headers=headers)
