import struct
from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
from django.core.cache import cache
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import Form

from people.actions import give_back_attempt, record_lock
from people.adapters import spend_or_refuse

CODE_HINTS = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}


class Labelled(Form):
    """Fields have labels here, and a placeholder that repeats one is read twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class SignInForm(Labelled, LoginForm):
    @property
    def is_locked(self) -> bool:
        return self.has_error(NON_FIELD_ERRORS, "locked")

    def add_prefix(self, field_name: str) -> str:
        """Send the field that allauth calls `login` under the name it has on the page."""
        return super().add_prefix("username" if field_name == "login" else field_name)


class ConfirmForm(Labelled, ReauthenticateForm):
    pass


class NewPasswordForm(Labelled, ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (("oldpassword", "Present password"), ("password1", "New password")):
            self.fields[name].label = label
            self.fields[name].error_messages["required"] = f"Type your {label.lower()}."
        self.fields["password1"].help_text = "At least 12 characters. Several unrelated words do well."
        self.fields["password2"].label = "New password again"
        self.fields["password2"].error_messages["required"] = "Type the same password again."


class FirstCodeForm(Labelled, ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "Code"


class CodeForm(Labelled, AuthenticateForm):
    def clean_code(self) -> str:
        """Take a code once. Wrong ones count together with wrong passwords."""
        name = self.user.get_username()
        spent = spend_or_refuse(name)
        try:
            code = super().clean_code()
            self._take_once(code)
        except ValidationError:
            if spent.is_last:
                record_lock(name=name)
            raise
        give_back_attempt(name=name)
        return code

    def _take_once(self, code: str) -> None:
        # allauth remembers a code for one period, and takes it in the periods beside it as well.
        periods = 2 * mfa_settings.TOTP_TOLERANCE + 1
        if not cache.add(f"code {self.user.pk} {code}", value=True, timeout=periods * mfa_settings.TOTP_PERIOD):
            raise ValidationError("This code was used already. Wait for the next one.", code="used")


# What reading an answer raises that no key gave.
NOT_FROM_A_KEY = (ValueError, TypeError, KeyError, AttributeError, IndexError, struct.error)
NO_KEY = "This is no answer of a security key. Try again."


class NewKeyForm(AddWebAuthnForm):
    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except NOT_FROM_A_KEY:
            raise ValidationError(NO_KEY) from None


class KeyForm(AuthenticateWebAuthnForm):
    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()
        except NOT_FROM_A_KEY:
            raise ValidationError(NO_KEY) from None
