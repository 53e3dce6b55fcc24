"""The demo's people: one for each role, password `demo`."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError

from portal.env import DEMO
from portal.roles import OPEN_DJANGO_ADMIN

PEOPLE = {
    "officer": "Officer", "senior": "Senior officer", "support": "Support", "auditor": "Auditor", "admin": "Admin",
}  # fmt: skip


class Command(BaseCommand):
    help = "Create a person for each role, with the password demo. Refused on a machine that holds real customers."

    def handle(self, *args: Any, **options: Any) -> None:
        if not DEMO:
            raise CommandError("These people have a password everybody knows. Create your own in Django admin.")
        for name, role in PEOPLE.items():
            person, created = User.objects.get_or_create(
                username=name, defaults={"is_staff": role in OPEN_DJANGO_ADMIN}
            )
            if created:
                person.set_password("demo")
                person.save(update_fields=["password"])
                person.groups.add(Group.objects.get(name=role))
        self.stdout.write(f"People of {settings.PUBLIC_URL}: {', '.join(PEOPLE)}")
