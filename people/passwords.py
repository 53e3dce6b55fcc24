import re

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

OURS = ("cryptomate", "portal", "password", "visa")


class NotOurWords:
    """Refuses a password that is the name of what it opens with a few digits around it."""

    def validate(self, password: str, user: User | None = None) -> None:
        rest = password.casefold()
        for word in OURS:
            rest = rest.replace(word, "")
        if len(re.sub(r"[\W\d_]", "", rest)) < 6 and rest != password.casefold():
            raise ValidationError("This is little more than the portal’s name. Use other words.", code="ours")

    def get_help_text(self) -> str:
        return "Your password can’t be little more than the portal’s name."
