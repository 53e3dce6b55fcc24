from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from customers.views import PersonRequest
from desk.asked import PREFIXES, Unclear, tidy
from desk.search import Group, find

SHOWN_WHILE_TYPING, SHOWN = 6, 50


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("customers.view_customer", raise_exception=True)
@vary_on_headers("HX-Request")
def search(request: PersonRequest) -> HttpResponse:
    """Find what was typed; one sure find opens. Only POST: what is typed are people's data, and addresses are kept."""
    typed = tidy(request.POST.get("q", ""))
    unclear, groups = "", list[Group]()
    try:
        groups = find(typed, by=request.user, most=SHOWN_WHILE_TYPING if request.htmx else SHOWN)
    except Unclear as too_little:
        unclear = str(too_little)
    hits = [hit for group in groups for hit in group.hits]
    if len(hits) == 1 and hits[0].is_it and not request.htmx:
        return redirect(hits[0].url)
    context = {
        "search_typed": typed, "unclear": unclear, "groups": groups, "found": len(hits), "prefixes": PREFIXES.items(),
    }  # fmt: skip
    return render(request, "desk/_found.html" if request.htmx else "desk/search.html", context)
