"""What the panel refuses, as one family: a code for machines, a sentence for people, an HTTP status. Apps have their own.

Services raise them, doors do not catch them: web.error_responses renders them once, as JSON or in words.
"""

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Sentence = str | Promise


class PanelError(Exception):
    """Base of all refusals. `errors` maps a field to its sentences; `extra` is merged into the JSON answer.

    One that passes by itself says in `retry_after` after how many seconds it is worth another try. A page refuses by a
    message on the page before, or where the error has an `own_page` by that template.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    retry_after: int = 0
    message: Sentence = _("The request cannot be carried out.")
    own_page: ClassVar[str] = ""

    def __init__(
        self,
        message: Sentence | None = None,
        *,
        errors: dict[str, list[str]] | None = None,
        extra: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.message = message or type(self).message
        self.retry_after = type(self).retry_after if retry_after is None else retry_after
        self.errors = errors or {}
        self.extra = extra or {}
        super().__init__(str(self.code))

    def serialize(self) -> dict[str, Any]:
        """As the API says it, wherever it says it."""
        errors = {"errors": self.errors} if self.errors else {}
        return {"status": "error", "message": str(self.message), "code": self.code} | errors | self.extra


class InvalidInput(PanelError):
    code = "invalid"
    message = _("Some fields are not right.")


class MissingFields(PanelError):
    code = "missing_fields"


class PanelBusy(PanelError):
    code = "service_unavailable"
    status = 503
    retry_after = 5
    own_page = "errors/503.html"
    message = _("The panel is busy. Try again in a moment.")


def invalid(faults: Any, sentence: str = "Invalid request: %(faults)s") -> InvalidInput:
    """`faults` are sentences by field, nested or not. In English, unless a translated `sentence` is given."""
    errors = dict(flat(faults))
    named = "; ".join(f"{field}: {' '.join(lines)}" for field, lines in errors.items())
    return InvalidInput(sentence % {"faults": named}, errors=errors)


def flat(detail: Any, path: str = "") -> list[tuple[str, list[str]]]:
    """Sentences nested by field, as REST framework has them, as ("thing.field", [sentences])."""
    if isinstance(detail, dict):
        pairs = [flat(inner, f"{path}.{key}".strip(".")) for key, inner in detail.items()]
        return [pair for inner in pairs for pair in inner]
    return [(path or "body", [str(line) for line in ([detail] if isinstance(detail, str) else detail)])]
