"""What a portal on the sandbox needs before its first customer: the webhook subscription and the reference data."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from provider import reference
from provider.client import provider_client


class Command(BaseCommand):
    help = "Register the webhook and read countries and identification types from the provider."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("subscribe_webhook", stdout=self.stdout)
        reference.refresh_if_stale(client=provider_client(), now=timezone.now())
