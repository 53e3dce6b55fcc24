"""The client on real sockets of this machine: what it makes of connections that break."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cryptomate import ApiUnavailable, Client, NoAnswer, NotSent
from cryptomate.reading import write_json
from cryptomate.testing import API_KEY, request_json

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
PATIENCE = 10
Serve = Callable[[socket.socket], None]


@contextmanager
def serving(serve: Serve) -> Iterator[str]:
    """Hand the first connection to `serve`, and close it when `serve` returns."""

    def accept() -> None:
        connection, _ = listener.accept()
        with connection:
            serve(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def client_of(url: str, *, timeout: tuple[float, float] = (PATIENCE, PATIENCE)) -> Client:
    return Client(url=url, api_key=API_KEY, timeout=timeout)


def error_of_freezing(url: str, *, timeout: tuple[float, float] = (PATIENCE, PATIENCE)) -> ApiUnavailable:
    with pytest.raises(ApiUnavailable) as caught:
        client_of(url, timeout=timeout).set_frozen("icard_1", freeze=True)
    return caught.value


def test_a_port_nobody_listens_on_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_at_once:
        port = closed_at_once.getsockname()[1]

    assert isinstance(error_of_freezing(f"http://127.0.0.1:{port}"), NotSent)


def test_a_host_without_an_address_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", find_nothing)

    assert isinstance(error_of_freezing("https://api.example.test"), NotSent)


def test_a_connection_closed_after_the_request_may_have_acted() -> None:
    with serving(lambda connection: _drop(connection.recv(65536))) as url:
        error = error_of_freezing(url)

    assert isinstance(error, NoAnswer)
    assert error.acted_possibly


def test_an_answer_that_never_comes_may_have_acted() -> None:
    given_up = threading.Event()

    with serving(lambda _connection: _drop(given_up.wait(PATIENCE))) as url:
        error = error_of_freezing(url, timeout=(PATIENCE, 0.05))
        given_up.set()

    assert isinstance(error, NoAnswer)
    assert error.acted_possibly


def test_half_an_answer_may_have_acted() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")

    with serving(serve) as url:
        error = error_of_freezing(url)

    assert isinstance(error, NoAnswer)
    assert error.acted_possibly


def test_something_that_does_not_speak_http_may_have_acted() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"220 mail.example ESMTP\r\n")

    with serving(serve) as url:
        assert isinstance(error_of_freezing(url), NoAnswer)


def test_a_certificate_nobody_vouches_for_is_not_sent(tmp_path: Path) -> None:
    def serve(connection: socket.socket) -> None:
        with pytest.raises(OSError), server_side.wrap_socket(connection, server_side=True):
            pass

    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(_self_signed_certificate(tmp_path))

    with serving(serve) as url:
        error = error_of_freezing(url.replace("http:", "https:"))

    assert isinstance(error, NotSent)
    assert error.reason == "SSLCertVerificationError"


def test_large_images_leave_over_a_line_slower_than_the_time_to_connect() -> None:
    sent = {"product": request_json(), "rejected_items": []}
    pause = threading.Event().wait

    def serve(connection: socket.socket) -> None:
        received = b""
        while b"the last image" not in received:
            pause(0.2)  # the slow line
            received = received[-20:] + _receive(connection, 4_000_000)
        content = write_json(sent).encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content))

    with serving(serve) as url:
        answer = client_of(url, timeout=(0.5, PATIENCE)).upload_document(
            "maria", "r1", document_type="national_id", image_front="A" * 20_000_000, image_back="the last image"
        )

    assert answer.request.id == request_json()["id"]


def test_a_proxy_of_the_environment_does_not_stand_before_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"available_credit":12.5}')

    with serving(serve) as url:
        assert str(client_of(url).get_balance("icard_1")) == "12.5"


def _drop(_received: object) -> None:
    """Return, which closes the connection."""


def _receive(connection: socket.socket, most: int) -> bytes:
    pieces: list[bytes] = []
    while sum(map(len, pieces)) < most and (piece := connection.recv(1_000_000)):
        pieces.append(piece)
        if b"the last image" in piece:
            break
    return b"".join(pieces)


def _self_signed_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(hours=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "certificate.pem"
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return file
