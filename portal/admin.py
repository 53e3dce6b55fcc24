from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.models import Heartbeat

admin.site.site_header = "CryptoMate portal"
admin.site.site_title = "CryptoMate portal"
admin.site.index_title = "Administration"


admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    """People and their groups. Rights come from groups alone, and no admin can make somebody a superuser."""

    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Rights", {"fields": ("is_active", "is_staff", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ("groups",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Leave superusers to superusers, whom only the command line makes."""
        people = super().get_queryset(request)
        return people if request.user.is_superuser else people.filter(is_superuser=False)


@admin.register(Heartbeat)
class HeartbeatAdmin(admin.ModelAdmin[Heartbeat]):
    list_display = ["name", "at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Heartbeat | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Heartbeat | None = None) -> bool:
        return False
