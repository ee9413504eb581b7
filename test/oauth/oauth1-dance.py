"""A dance of OAuth 1.0a by oauthlib's client. Reads what it needs as JSON, and prints what it was answered."""

import json
import sys
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from oauthlib.oauth1 import Client

given = json.load(sys.stdin)
form_type = {"Content-Type": "application/x-www-form-urlencoded"}


class NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


opener = build_opener(NoRedirect)


def send(method, url, body=None, headers=None, **credentials):
    client = Client(given["key"], encoding="utf-8", **given["client"], **credentials)
    url, headers, body = client.sign(url, method, body, headers or {})
    return ask(Request(url, body.encode() if body else None, headers, method=method))


def ask(request):
    try:
        with opener.open(request) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except HTTPError as error:
        return error.code, error.read().decode(), error.headers


def first(text):
    return {name: values[0] for name, values in parse_qs(text).items()}


empty = {"body": "", "headers": form_type} if given["client"].get("signature_type") == "BODY" else {}
status, text, _ = send("POST", given["requestToken"], callback_uri=given["callback"], **empty)
temporary = first(text)
_, _, headers = ask(Request(f"{given['authorization']}?oauth_token={temporary.get('oauth_token', '')}"))
answer = first(urlsplit(headers.get("Location", "")).query)
status, text, _ = send(
    "POST",
    given["accessToken"],
    resource_owner_key=answer.get("oauth_token"),
    resource_owner_secret=temporary.get("oauth_token_secret"),
    verifier=answer.get("oauth_verifier"),
    **empty,
)
token = first(text)
calls = [
    send(
        call["method"],
        given["api"] + call["path"],
        call.get("body"),
        {"Content-Type": call["type"]} if "type" in call else {},
        resource_owner_key=token.get("oauth_token"),
        resource_owner_secret=token.get("oauth_token_secret"),
    )
    for call in given["calls"]
]
print(json.dumps({"temporary": temporary, "answer": answer, "token": token, "calls": [[s, t] for s, t, _ in calls]}))
