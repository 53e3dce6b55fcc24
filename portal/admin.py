from django.contrib import admin
from django.http import HttpRequest

from portal.models import Heartbeat

admin.site.site_header = "CryptoMate portal"
admin.site.site_title = "CryptoMate portal"
admin.site.index_title = "Administration"


@admin.register(Heartbeat)
class HeartbeatAdmin(admin.ModelAdmin[Heartbeat]):
    list_display = ["name", "at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Heartbeat | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Heartbeat | None = None) -> bool:
        return False
