"""A link to a row that may go while its history stays. For Operation and Event."""

from typing import Any

from django.db import models


def link_that_outlives(to: Any, related_name: str, **options: Any) -> "models.ForeignKey[Any, Any]":
    """A foreign key without a constraint: the id stays when the row is gone, and `select_related` then gives None."""
    return models.ForeignKey(
        to, models.DO_NOTHING, null=True, db_constraint=False, related_name=related_name, **options
    )
