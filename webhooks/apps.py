from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"

    def ready(self) -> None:
        from customers import timeline
        from webhooks.strands import DELIVERIES

        timeline.register(DELIVERIES)
