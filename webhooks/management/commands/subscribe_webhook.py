from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from cryptomate import CryptoMateError, RateLimited, Refused, Unauthorized
from provider.client import provider_client

ADVICE: dict[type[CryptoMateError], str] = {
    Unauthorized: "CryptoMate refuses the API key. Check CRYPTOMATE_API_KEY: the call needs access level 3.",
    RateLimited: "CryptoMate takes no more calls for the moment. Run the command again in a minute.",
    Refused: "CryptoMate refuses the address or the key. The key needs at least ten characters.",
}
NO_ANSWER = "CryptoMate does not answer at {api}. Run the command again: repeating it does no harm."


class Command(BaseCommand):
    help = "Have CryptoMate send webhooks to PUBLIC_URL with CRYPTOMATE_WEBHOOK_KEY. Replaces the present subscription."

    def handle(self, *args: Any, **options: Any) -> None:
        url = settings.PUBLIC_URL.rstrip("/") + reverse("webhooks:intake")
        if not (settings.CRYPTOMATE_IS_SANDBOX or url.startswith("https://")):
            raise CommandError(f"{url} is not HTTPS, and the webhook key would travel in clear. Set PUBLIC_URL.")
        try:
            provider_client().subscribe_webhook(url, settings.CRYPTOMATE_WEBHOOK_KEY)
        except CryptoMateError as error:
            raise CommandError(f"{_advice(error)} ({error})") from None
        self.stdout.write(f"CryptoMate sends webhooks to {url} from now on.")


def _advice(error: CryptoMateError) -> str:
    found = (advice for kind, advice in ADVICE.items() if isinstance(error, kind))
    return next(found, NO_ANSWER.format(api=settings.CRYPTOMATE_API_URL))
