"""What the web server itself answers, to what no application sees: JSON, as whoever calls the API reads nothing else."""

import json

MALFORMED = "400 Bad Request", "The request is not valid HTTP.", "bad_request"
TOO_SLOW = "408 Request Timeout", "The head of the request did not come in time.", "request_timeout"
TOO_LONG = "431 Request Header Fields Too Large", "The head of the request is too long.", "head_too_long"
TOO_MANY = (
    "503 Service Unavailable",
    "Too many connections are open. Try again in a moment.",
    "service_unavailable",
)
HEAD = "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n"
RETRY_AFTER = "Retry-After: 5\r\n"


def response(status: str, message: str, code: str) -> bytes:
    body = json.dumps({"status": "error", "message": message, "code": code}).encode()
    return HEAD.format(status, len(body), RETRY_AFTER if status.startswith("503") else "").encode() + body
