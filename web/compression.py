"""Pages, their fragments and what they fetch go compressed to whoever takes it. Django calls it, by its settings.

gzip alone: of a page that is made anew each time, Brotli at a quality that costs as little saves nothing more. Django pads
each answer by a random length, so that nobody learns a page's secrets by the size of what they make it repeat (BREACH).
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers

from web.accept_encoding import preferred
from web.error_responses import is_api

# What fits into one packet is not sooner there for being smaller.
SMALLEST = 1024
# Programs ask often and read little: an answer costs them less as it is, and one with a token in it is never compressed.
SMALLEST_OF_API = 32 * 1024


class CompressionMiddleware(GZipMiddleware):
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        content = getattr(response, "content", b"")
        if len(content) < (SMALLEST_OF_API if is_api(request) else SMALLEST):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if "gzip" not in preferred(request.headers.get("Accept-Encoding", ""), ["gzip"]):
            return response
        compressed: HttpResponseBase = super().process_response(request, response)
        return compressed
