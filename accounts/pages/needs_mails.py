"""Pages that are there where the panel sends mails. The pages that ask for one call it."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

Page = Callable[[HttpRequest], HttpResponse]


def needs_mails(page: Page) -> Page:
    @wraps(page)
    def there(request: HttpRequest) -> HttpResponse:
        if not settings.MAILS_ARE_ON:
            raise Http404
        return page(request)

    return there
