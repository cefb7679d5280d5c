"""What a question of deleting leaves out: for the admins of the apps."""

from typing import Any

from django.http import HttpRequest
from django.utils.text import capfirst


class DeletionInWords:
    """For a ModelAdmin. Rows that only join two others go with them, and have no name that would say anything."""

    model: Any

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        named, *rest = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        fields = [*self.model._meta.many_to_many, *self.model._meta.related_objects]
        joins = [getattr(field, "through", None) or getattr(field.remote_field, "through", None) for field in fields]
        titles = tuple(f"{capfirst(join._meta.verbose_name)}: " for join in joins if join and join._meta.auto_created)
        return (without(named, titles), *rest)


def without(named: list[Any], titles: tuple[str, ...]) -> list[Any]:
    """Lines within lines, but for those that begin with one of these."""
    kept = [without(one, titles) if isinstance(one, list) else one for one in named]
    return [one for one in kept if one and not (isinstance(one, str) and one.startswith(titles))]
