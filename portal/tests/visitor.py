"""A person at the real web server, without a browser: signs in, opens pages, sends forms."""

import re
from typing import Any

import requests
from requests.adapters import HTTPAdapter

MARIA = {
    "first_name": "Maria", "last_name": "Barber", "email": "mjuliabarber@example.com", "birth_date": "1984-11-21",
    "street_line1": "Florida 9860", "city": "Del Viso", "postal_code": "1669", "state": "ARG-B", "country": "ARG",
}  # fmt: skip

FINANCES = {
    "individual_cards": "on", "gender": "FEMALE", "id_type": "PASSPORT", "id_number": "AB1234567",
    "occupation": "Architect", "annual_salary": "25000-50000", "account_purpose": "travel",
    "expected_monthly_volume": "500-2000",
}  # fmt: skip


class ProxyWithTls(HTTPAdapter):
    """Plays the proxy before the portal: a visitor speaks https, the portal is told so."""

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        plain = request.copy()
        plain.url = str(plain.url).replace("https://", "http://", 1)
        plain.headers["X-Forwarded-Proto"] = "https"
        answer = super().send(plain, *args, **more)
        answer.url = str(request.url)
        return answer


class Visitor:
    def __init__(self, url: str, *, name: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount("https://", ProxyWithTls())
        self.send("/accounts/login/", {"username": name, "password": "demo"})

    def see(self, path: str) -> str:
        answer = self.session.get(self.url + path, timeout=10)
        answer.raise_for_status()
        return answer.text

    def send(self, path: str, fields: dict[str, Any], *, form_on: str | None = None) -> requests.Response:
        """Open the page with the form, take over its hidden fields, and send it as a browser without scripts would."""
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.see(form_on or path)))
        return self._post(path, {**hidden, **fields})

    def send_files(self, path: str, fields: dict[str, str], files: dict[str, bytes]) -> requests.Response:
        token = self.session.cookies["csrftoken"]
        return self._post(path, {"csrfmiddlewaretoken": token, **fields}, files=files)

    def _post(self, path: str, fields: dict[str, Any], **more: Any) -> requests.Response:
        return self.session.post(self.url + path, data=fields, headers={"Referer": self.url + path}, timeout=10, **more)
