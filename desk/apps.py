from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "desk"

    def ready(self) -> None:
        from desk.actions import CARRIERS
        from people import four_eyes

        for carrier in CARRIERS:
            four_eyes.register(carrier)
