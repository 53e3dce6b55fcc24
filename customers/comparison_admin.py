"""Comparisons with the provider, to read; differences are decided on their own page."""

from django.contrib import admin

from customers.comparisons import Comparison, ComparisonClock, Discrepancy, ListedRecord
from provider.admin import RecordAdmin


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
    search_fields = ["key__exact"]
    ordering = ["-found_at"]
    exclude = ["customer", "ours", "theirs", "values"]


@admin.register(ComparisonClock)
class ComparisonClockAdmin(RecordAdmin[ComparisonClock]):
    list_display = ["customer_id", "compared_at", "claimed_until", "is_unlisted"]
    search_fields = ["customer__api_id__exact"]
    ordering = ["compared_at"]
    exclude = ["customer"]


@admin.register(ListedRecord)
class ListedRecordAdmin(RecordAdmin[ListedRecord]):
    list_display = ["api_id", "comparison_id"]
    search_fields = ["api_id__exact"]
    exclude = ["comparison"]
