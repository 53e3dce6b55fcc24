"""Records in Django admin: rows that only actions write, found by an index and never all counted."""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any, TypeVar, cast

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)

FARTHEST = 5_000  # rows somebody pages through before a search or a filter is the better tool
MOST_NAMED = 500  # rows of another table that a search goes through
NOTHING = Q(pk__in=[])


class OrMore(int):
    """A count that was not counted to the end."""

    def __str__(self) -> str:
        return f"{int(self):,} or more"


class NearPaginator(Paginator):  # type: ignore[type-arg]
    """Counts as far as anybody turns pages, and never a whole table."""

    @cached_property
    def count(self) -> int:
        counted = cast("QuerySet[Any]", self.object_list)[:FARTHEST].count()
        return OrMore(counted) if counted == FARTHEST else counted


class ReadOnly:
    """Rows that only actions write, whoever looks."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordAdmin(ReadOnly, admin.ModelAdmin[M]):
    """A list to read, in the one order that an index keeps, and a page for each row.

    `leads_to` names the lists that hold what belongs to a row: what they are called, the model, its field, and the
    row's field that is found there. Each of `search_fields` ends with a lookup that an index serves.
    """

    leads_to: Iterable[tuple[str, str, str, str]] = ()
    paginator = NearPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *(["belonging"] if self.leads_to else [])]

    @admin.display(description="what belongs to it")
    def belonging(self, row: M) -> SafeString:
        lists = [(name, model, {field: getattr(row, found)}) for name, model, field, found in self.leads_to]
        links = [(list_link(model, name, found),) for name, model, found in lists if any(found.values())]
        return format_html_join(" · ", "{}", links)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        """Find the rows that what was typed names.

        Django would join the tables that are searched, ask for either, and compare UUIDs as text: no index serves that.
        """
        words = search_term.strip()
        return (queryset.filter(self.named(words)) if words else queryset), False

    def named(self, words: str) -> Q:
        conditions = [_named(self.model, str(lookup), words) for lookup in self.search_fields]
        return reduce(or_, conditions, NOTHING)


class RecordInline(ReadOnly, admin.TabularInline[M, P]):
    extra = 0


class Among(admin.SimpleListFilter):
    """A filter whose choices are known, so that no table is read for them: each by its label and the rows it keeps."""

    among: Mapping[str, tuple[str, Q]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, (label, _) in self.among.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        return queryset.filter(self.among[value][1]) if value in self.among else queryset


def link(model: str, pk: object, text: object) -> SafeString:
    """Return a link to a row's page; `model` is its label, for example `customers.customer`."""
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{model.replace('.', '_')}_change", args=[pk]), text)


def link_to(row: Model | None, text: object = "") -> str | SafeString:
    return link(row._meta.label_lower, row.pk, text or row) if row else "—"


def list_link(model: str, text: str, found: Mapping[str, object]) -> SafeString:
    """Return a link to the rows of a list whose fields are as given."""
    address = reverse(f"admin:{model.replace('.', '_')}_changelist", query=found)
    return format_html('<a href="{}">{}</a>', address, text)


def _named(model: type[Model], lookup: str, words: str) -> Q:
    """Return what finds rows by these words, or nothing where they cannot be meant."""
    name, _, rest = lookup.partition("__")
    field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if field.is_relation and "__" in rest:
        rows = field.related_model._default_manager.filter(_named(field.related_model, rest, words)).order_by()
        return Q(**{f"{name}__in": list(rows.values_list("pk", flat=True)[:MOST_NAMED])})
    try:
        return Q(**{lookup: field.to_python(words)})
    except ValidationError:  # it is no number, or no id
        return NOTHING
