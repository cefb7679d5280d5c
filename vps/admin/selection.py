"""What was ticked in a list: for the admins whose actions take it."""

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.http import HttpRequest


def check_selection(request: HttpRequest) -> None:
    """Raises BadRequest where what was sent are no numbers of rows."""
    if not all(text.isdecimal() for text in request.POST.getlist(ACTION_CHECKBOX_NAME)):
        raise BadRequest("what was selected are no rows")
