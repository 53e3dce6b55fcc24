from typing import Any, TypeVar

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.usersessions.admin import UserSession
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from audit.actions import record
from audit.kinds import Kind
from audit.records import RecordAdmin
from people import actions
from people.confirming import require_confirmation
from portal.models import Heartbeat, Sending

M = TypeVar("M", bound=Model)

admin.site.site_header = "CryptoMate portal"
admin.site.site_title = "CryptoMate portal"
admin.site.index_title = "Administration"


# Nobody looks at other people's sessions and keys: what is to be done about them are actions on the person.
admin.site.unregister([User, Group, EmailAddress, Authenticator, UserSession])


class RightsAdmin(admin.ModelAdmin[M]):
    """Rows that give people rights. What changes about those is recorded in the transaction that changes it."""

    kind: str

    def rights_of(self, row: M) -> dict[str, Any]:
        raise TypeError(f"{type(self).__name__} does not say which rights its rows give")

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.has_change_permission(request) or self.has_add_permission(request):
            require_confirmation(request)
        return super().changeform_view(request, *args, **kwargs)

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
    actions = ("unlock_sign_in", "remove_second_factor")
    filter_horizontal = ("groups",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Leave superusers to superusers, whom only the command line makes."""
        people = super().get_queryset(request)
        return people if request.user.is_superuser else people.filter(is_superuser=False)

    def rights_of(self, row: User) -> dict[str, Any]:
        groups = sorted(row.groups.values_list("name", flat=True))
        flags = {name: getattr(row, name) for name in ("is_active", "is_staff", "is_superuser")}
        return {"username": row.username, "groups": groups, **flags}

    @admin.action(description="Unlock sign-in", permissions=["change"])
    def unlock_sign_in(self, request: HttpRequest, people: QuerySet[User]) -> None:
        unlocked = [person.username for person in people if actions.unlock_sign_in(person, by=_by(request))]
        _tell(request, "Unlocked", unlocked, nothing="Nobody of them was locked out.")

    @admin.action(description="Remove second factor (lost phone or key)", permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, people: QuerySet[User]) -> None:
        require_confirmation(request)
        removed = [person.username for person in people if actions.remove_second_factors(person, by=_by(request))]
        _tell(request, "Removed the second factor of", removed, nothing="Nobody of them has a second factor.")

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        require_confirmation(request)
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


def _by(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value] # the admin is behind the door


def _tell(request: HttpRequest, what: str, names: list[str], *, nothing: str) -> None:
    messages.info(request, f"{what} {', '.join(names)}." if names else nothing)


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
