"""Limits of quality for photos, where admins choose others than the usual."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from customers.threshold_actions import choose_threshold, drop_threshold
from customers.thresholds import QualityThreshold


@admin.register(QualityThreshold)
class QualityThresholdAdmin(admin.ModelAdmin[QualityThreshold]):
    list_display = ["__str__", "value", "usual"]
    list_filter = ["document_type"]
    fields = ["document_type", "name", "value", "usual"]
    readonly_fields = ["usual"]

    @admin.display(description="usual value")
    def usual(self, threshold: QualityThreshold) -> str:
        return f"{threshold.usual:g}" if threshold.usual is not None else "—"

    def save_model(self, request: HttpRequest, obj: QualityThreshold, form: Any, change: bool) -> None:  # noqa: FBT001
        choose_threshold(threshold=obj, by=request.user)  # type: ignore[arg-type]

    def delete_model(self, request: HttpRequest, obj: QualityThreshold) -> None:
        drop_threshold(threshold=obj, by=request.user)  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[QualityThreshold]) -> None:
        for threshold in queryset:
            drop_threshold(threshold=threshold, by=request.user)  # type: ignore[arg-type]
