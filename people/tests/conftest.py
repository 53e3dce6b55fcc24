from typing import Any

import pytest
from django.contrib.auth.models import User

PASSWORD = "seven unlikely words in a row"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real ones are slow by design


@pytest.fixture
def olga(officer: User) -> User:
    """An officer who knows her password."""
    officer.set_password(PASSWORD)
    officer.save(update_fields=["password"])
    return officer


@pytest.fixture
def ada(admin_person: User) -> User:
    """An admin who knows her password."""
    admin_person.set_password(PASSWORD)
    admin_person.save(update_fields=["password"])
    return admin_person
