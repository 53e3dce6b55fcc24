from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "people"

    def ready(self) -> None:
        from people import signals, stored_secrets
        from vault import rotation

        signals.connect()
        rotation.others["Second factors"] = stored_secrets.rotate
