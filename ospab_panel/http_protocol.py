"""What the web server itself refuses: a request so broken that no application sees it. uvicorn calls it, by `--http`.

Nobody can tell whether it was meant for the API, whose callers read nothing but JSON.
"""

import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Far more than any caller of ours sends. Without a limit one connection, by a header without an end, takes all memory.
LONGEST_HEAD = 64 * 1024
TOO_LONG = "431 Request Header Fields Too Large", "The head of the request is too long.", "head_too_long"
MALFORMED = "400 Bad Request", "The request is not valid HTTP.", "bad_request"
HEAD = "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n"


class JsonHttpProtocol(HttpToolsProtocol):
    is_in_head, head_length = True, 0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.head_length = self.head_length + len(data) if self.is_in_head else 0
        if self.head_length > LONGEST_HEAD and not self.transport.is_closing():
            self.refuse(*TOO_LONG)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.is_in_head = True

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self.is_in_head = False

    def send_400_response(self, msg: str) -> None:
        self.refuse(*MALFORMED)

    def refuse(self, status: str, message: str, code: str) -> None:
        body = json.dumps({"status": "error", "message": message, "code": code}).encode()
        self.transport.write(HEAD.format(status, len(body)).encode() + body)
        self.transport.close()
