from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from audit.actions import record
from audit.kinds import Kind
from portal.models import Heartbeat, Sending
from provider.admin import RecordAdmin

M = TypeVar("M", bound=Model)

admin.site.site_header = "CryptoMate portal"
admin.site.site_title = "CryptoMate portal"
admin.site.index_title = "Administration"


admin.site.unregister([User, Group])


class RightsAdmin(admin.ModelAdmin[M]):
    """Rows that give people rights. What changes about those is recorded in the transaction that changes it."""

    kind: str

    def rights_of(self, row: M) -> dict[str, Any]:
        raise TypeError(f"{type(self).__name__} does not say which rights its rows give")

    def save_form(self, request: HttpRequest, form: Any, change: Any) -> Any:
        row = super().save_form(request, form, change)
        form.rights_before = self.rights_of(self.model._default_manager.get(pk=row.pk)) if change else None
        return row

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        before, after = form.rights_before, self.rights_of(form.instance)
        if before != after:
            self._record(request, form.instance, before=before, after=after)

    def _record(self, request: HttpRequest, row: M, **what: Any) -> None:
        record(kind=self.kind, by=request.user, subject=row, **what)  # type: ignore[arg-type]


@admin.register(User)
class PersonAdmin(RightsAdmin[User], UserAdmin[User]):
    """People and their groups. Rights come from groups alone, and no admin can make somebody a superuser."""

    kind = Kind.PERSON_CHANGED

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

    def rights_of(self, row: User) -> dict[str, Any]:
        groups = sorted(row.groups.values_list("name", flat=True))
        flags = {name: getattr(row, name) for name in ("is_active", "is_staff", "is_superuser")}
        return {"username": row.username, "groups": groups, **flags}

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        with transaction.atomic():
            person = self.get_object(request, unquote(id))
            held = person.password if person else ""
            response = super().user_change_password(request, id, form_url)
            if person:
                person.refresh_from_db(fields=["password"])
            if person and person.password != held:
                note = "set a new password" if person.has_usable_password() else "took the password away"
                self._record(request, person, note=note)
            return response


@admin.register(Group)
class RoleAdmin(RightsAdmin[Group], GroupAdmin):
    kind = Kind.GROUP_CHANGED

    def rights_of(self, row: Group) -> dict[str, Any]:
        permissions = row.permissions.values_list("content_type__app_label", "codename")
        return {"name": row.name, "permissions": sorted(".".join(each) for each in permissions)}


@admin.register(Heartbeat)
class HeartbeatAdmin(RecordAdmin[Heartbeat]):
    list_display = ["name", "at"]


@admin.register(Sending)
class SendingAdmin(RecordAdmin[Sending]):
    list_display = ["name", "at"]
