import pytest
from django.contrib.auth.models import User

PASSWORD = "seven unlikely words in a row"


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
