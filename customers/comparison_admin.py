"""Comparisons with the provider, to read; differences are decided on their own page."""

from django.contrib import admin

from audit.records import RecordAdmin
from customers.comparisons import Comparison, ComparisonClock, Discrepancy, ListedRecord


@admin.register(Comparison)
class ComparisonAdmin(RecordAdmin[Comparison]):
    list_display = ["started_at", "state", "step", "compared", "calls", "taken", "found", "failed", "finished_at"]
    list_filter = ["state"]
    ordering = ["-started_at"]


@admin.register(Discrepancy)
class DiscrepancyAdmin(RecordAdmin[Discrepancy]):
    """Without the values: they are personal data, and stand on the page of differences."""

    list_display = ["found_at", "record", "key", "label", "state", "decided_by", "decided_at"]
    list_select_related = ["decided_by"]
    list_filter = ["state", "record"]
    search_fields = ["key__exact", "customer_id__exact"]
    search_help_text = "The id of a customer, a request or a card, whole."
    ordering = ["-found_at"]
    exclude = ["ours", "theirs", "values"]


@admin.register(ComparisonClock)
class ComparisonClockAdmin(RecordAdmin[ComparisonClock]):
    list_display = ["customer_id", "compared_at", "claimed_until", "is_unlisted"]
    search_fields = ["pk__exact", "customer__api_id__exact"]
    search_help_text = "The id of a customer, here or at CryptoMate, whole."
    ordering = ["compared_at"]


@admin.register(ListedRecord)
class ListedRecordAdmin(RecordAdmin[ListedRecord]):
    list_display = ["api_id", "comparison_id"]
    search_fields = ["api_id__exact"]
    exclude = ["comparison"]
