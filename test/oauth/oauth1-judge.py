"""What oauthlib makes of signed requests: a list of them as JSON on stdin, the base strings on stdout."""
import json
import sys
from urllib.parse import urlsplit

from oauthlib.oauth1.rfc5849 import signature


def base_string(request):
    is_form = "application/x-www-form-urlencoded" in request["headers"].get("content-type", "")
    parameters = signature.collect_parameters(
        uri_query=urlsplit(request["url"]).query,
        body=request["body"] if is_form else "",
        headers=request["headers"],
    )
    uri = signature.base_string_uri(request["url"])
    return signature.signature_base_string(request["method"], uri, signature.normalize_parameters(parameters))


json.dump([base_string(request) for request in json.load(sys.stdin)], sys.stdout)
