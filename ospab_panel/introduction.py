"""What holds for the whole API: the first words of its description. The settings name it."""

TEXT = """\
How customers' programs see and control their servers, and how the main site tells the panel what it sold.

* **Bodies** are JSON in UTF-8, at most 1 MiB, sent as `application/json` with a `Content-Length`, and are read strictly: \
`"4"`, `4.0` and `1e3` are no integers, and a key may stand once in an object. RAM is in MB, disk in GB, times are \
RFC 3339 in UTC with `Z`.
* **Failures** are JSON with `status`, `message`, a stable `code` and, where fields are at fault, `errors`. Decide by \
`code`: a `message` may be worded anew, and customers' programs that send `Accept-Language: ru` get it in Russian.
* **Parameters** of an address that it does not have, and those that are given twice, are refused, and what it takes is \
named. An empty value is no value.
* **Repeats** are safe. With an `Idempotency-Key` a POST that was answered is not done again. What comes with \
`Retry-After` is worth another try after so many seconds.
* **What takes time** is an operation: it is answered with 202 at once, and `succeeded` means seen to be done.
* **Names** of requests: every answer carries `X-Request-ID`, yours where you sent one.
* What an answer holds may grow: ignore keys that you do not know."""
# A customer reads from the top; the main site's developers know what they look for.
TAGS = ["Authentication", "Customers", "Events", "Main site", "This description"]
