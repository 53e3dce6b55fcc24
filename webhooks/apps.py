from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"

    def ready(self) -> None:
        from customers import timeline
        from people import four_eyes
        from webhooks.actions import REPLAY
        from webhooks.strands import DELIVERIES

        timeline.register(DELIVERIES)
        four_eyes.register(REPLAY)
