"""A provider of OAuth 1.0a by oauthlib on loopback. One line of JSON on stdin is its setting, one line on stdout its origin; it
ends with its stdin.

It takes no nonce twice, no request without a signature that fits, and knows one user, who always agrees.
"""
import datetime
import ipaddress
import json
import ssl
import sys
import threading
import time
from socketserver import ThreadingMixIn
from urllib.parse import parse_qsl, urlencode, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from oauthlib.common import generate_token
from oauthlib.oauth1 import RequestValidator, WebApplicationServer

setting = json.loads(sys.stdin.readline())
clients = setting["clients"]


class Store(RequestValidator):
    """What it knows, in memory; everything else is checked by oauthlib."""

    client_key_length = (3, 30)
    enforce_ssl = False
    allowed_signature_methods = ("HMAC-SHA1", "HMAC-SHA256", "RSA-SHA1", "PLAINTEXT")
    dummy_client = "dummy"
    dummy_request_token = "dummy"
    dummy_access_token = "dummy"

    def __init__(self):
        super().__init__()
        self.temporary, self.tokens, self.nonces, self.lock = {}, {}, set(), threading.Lock()

    # any text is a token here
    def check_request_token(self, token):
        return True

    def check_access_token(self, token):
        return True

    def check_verifier(self, verifier):
        return True

    def get_client_secret(self, client_key, request):
        return clients.get(client_key, {}).get("secret", "dummy")

    def get_rsa_key(self, client_key, request):
        return clients.get(client_key, {}).get("publicKey", setting["otherPublicKey"])

    def get_request_token_secret(self, client_key, token, request):
        return self.temporary.get(token, {}).get("secret", "dummy")

    def get_access_token_secret(self, client_key, token, request):
        return self.tokens.get(token, {}).get("secret", "dummy")

    def get_default_realms(self, client_key, request):
        return []

    def check_realms(self, realms):
        return True

    def get_realms(self, token, request):
        return []

    def get_redirect_uri(self, token, request):
        return self.temporary[token]["callback"]

    def invalidate_request_token(self, client_key, token, request):
        del self.temporary[token]

    def validate_client_key(self, client_key, request):
        return request.signature_method == clients.get(client_key, {}).get("method")

    def validate_request_token(self, client_key, token, request):
        return self.temporary.get(token, {}).get("client") == client_key

    def validate_access_token(self, client_key, token, request):
        return self.tokens.get(token, {}).get("client") == client_key

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, request_token=None, access_token=None):
        with self.lock:
            fresh = (client_key, nonce) not in self.nonces
            self.nonces.add((client_key, nonce))
        return fresh and abs(time.time() - int(timestamp)) < 60

    def validate_redirect_uri(self, client_key, redirect_uri, request):
        return redirect_uri in clients.get(client_key, {}).get("callbacks", [])

    def validate_requested_realms(self, client_key, realms, request):
        return True

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        return True

    def validate_verifier(self, client_key, token, verifier, request):
        return verifier and self.temporary.get(token, {}).get("verifier") == verifier

    def verify_request_token(self, token, request):
        return token in self.temporary

    def save_request_token(self, token, request):
        self.temporary[token["oauth_token"]] = {
            "client": request.client_key,
            "secret": token["oauth_token_secret"],
            "callback": request.redirect_uri,
        }

    def save_verifier(self, token, verifier, request):
        self.temporary[token]["verifier"] = verifier["oauth_verifier"]

    def save_access_token(self, token, request):
        self.tokens[token["oauth_token"]] = {"client": request.client_key, "secret": token["oauth_token_secret"]}


store = Store()
# what has to be encoded is in every token, secret and verifier
server = WebApplicationServer(store)
server.token_generator = lambda: generate_token() + "+/=&"
seen = []


def application(environ, start_response):
    uri = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{environ['RAW_PATH']}"
    path, query = urlsplit(uri).path, dict(parse_qsl(urlsplit(uri).query))
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length).decode(errors="replace")
    headers = {name: value for name, value in (
        ("Authorization", environ.get("HTTP_AUTHORIZATION")),
        ("Content-Type", environ.get("CONTENT_TYPE") if length else None),
    ) if value}
    request = (uri, environ["REQUEST_METHOD"], body, headers)
    answer, status = {"Content-Type": "application/json"}, 200
    if path == "/seen":
        text = json.dumps(seen)
    elif path == "/authorize" and "refuse" in query:
        answer, text, status = {"Location": refusal(query)}, None, 302
    elif path == "/authorize":
        answer, text, status = server.create_authorization_response(uri, "GET")
    elif path == "/request_token":
        answer, text, status = server.create_request_token_response(*request)
    elif path == "/access_token":
        answer, text, status = server.create_access_token_response(*request)
    else:
        valid, _ = server.validate_protected_resource_request(*request)
        status = 200 if valid else 401
        text = json.dumps({"id": 4711, "profile": {"mail": "alice@example.com"}, "name": "Alice"} if valid else {})
    if path not in ("/seen", "/authorize"):
        seen.append({"path": path, "method": request[1], "status": status, "uri": uri, "body": body, "headers": headers})
    start_response(f"{status} _", list(answer.items()))
    return [(text or "").encode()]


def refusal(query):
    """In the words of several: X names the token in `denied`, Jira gives a verifier that is none, others a problem."""
    callback, token = store.temporary[query["oauth_token"]]["callback"], query["oauth_token"]
    words = {
        "denied": {"denied": token},
        "verifier": {"oauth_token": token, "oauth_verifier": "denied"},
        "problem": {"oauth_token": token, "oauth_problem": "user_refused"},
    }
    return f"{callback}?{urlencode(words[query['refuse']])}"


class Handler(WSGIRequestHandler):
    def get_environ(self):
        # wsgiref decodes the path, and what was signed is what was sent
        return {**super().get_environ(), "RAW_PATH": self.path, "wsgi.url_scheme": scheme}

    def log_message(self, *_):
        pass


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def setup_environ(self):
        super().setup_environ()
        self.base_environ["wsgi.url_scheme"] = scheme


def certified(path):
    """TLS, by a certificate of our own that is written there for whoever shall trust it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.utcnow()
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).add_extension(address, False)
    builder = builder.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
    with open(path, "wb") as file:
        file.write(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    with open(f"{path}.key", "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, f"{path}.key")
    return context


scheme = "https" if "certificate" in setting else "http"
httpd = make_server("127.0.0.1", 0, application, server_class=Server, handler_class=Handler)
if scheme == "https":
    context = certified(setting["certificate"])
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=httpd.serve_forever, daemon=True).start()
print(f"{scheme}://127.0.0.1:{httpd.server_port}", flush=True)
sys.stdin.read()
