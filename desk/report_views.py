from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.spreadsheets import lines_of
from desk.periods import LAST, Period, PeriodForm
from desk.report_charts import CHARTS

SEES = "desk.view_reports"


@require_safe
@permission_required(SEES, raise_exception=True)
def reports(request: HttpRequest) -> HttpResponse:
    """Show how the work goes: what came in, what was decided and why, and where the time went."""
    return _page(request, PeriodForm(request.GET))


@require_safe
@permission_required(SEES, raise_exception=True)
def report(request: HttpRequest, chart: str) -> HttpResponseBase:
    """Send the numbers of one chart as a file. They are sums: nobody's data leave with them."""
    form = PeriodForm(request.GET)
    if chart not in CHARTS:
        raise Http404
    if not form.is_valid():
        return _page(request, form)
    period = form.period()
    table = CHARTS[chart](period, now=timezone.now()).table
    name = f"{chart}-{period.first}-to-{period.last}.csv"
    return StreamingHttpResponse(
        lines_of(table.headings, table.rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _page(request: HttpRequest, form: PeriodForm) -> HttpResponse:
    if not form.is_valid():
        return TemplateResponse(request, "desk/reports.html", {"form": form, "last": _links(None)}, status=422)
    period, now = form.period(), timezone.now()
    context = {
        "form": PeriodForm(initial={"since": period.first, "until": period.last, "by": form.cleaned_data["by"]}),
        "period": period,
        "last": _links(period),
        "charts": [
            (chart(period, now=now), _address("desk:report", period, chart=slug)) for slug, chart in CHARTS.items()
        ],
    }
    return TemplateResponse(request, "desk/reports.html", context)


def _links(period: Period | None) -> list[tuple[int, str, bool]]:
    """Return the periods that one click chooses: days, address, and whether it is the one on show."""
    shown = period.days if period and period.is_to_today else None
    return [(days, reverse("desk:reports", query={"days": days}), days == shown) for days in LAST]


def _address(name: str, period: Period, **arguments: str) -> str:
    query = {"since": period.first.isoformat(), "until": period.last.isoformat(), "by": period.by}
    return reverse(name, kwargs=arguments, query=query)
