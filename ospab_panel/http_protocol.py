"""What the web server itself refuses: a request so broken that no application sees it. uvicorn calls it, by `--http`.

Nobody can tell whether it was meant for the API, whose callers read nothing but JSON.
"""

import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

BODY = json.dumps({"status": "error", "message": "The request is not valid HTTP.", "code": "bad_request"}).encode()
HEAD = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n"


class JsonHttpProtocol(HttpToolsProtocol):
    def send_400_response(self, msg: str) -> None:
        self.transport.write(HEAD.format(len(BODY)).encode() + BODY)
        self.transport.close()
