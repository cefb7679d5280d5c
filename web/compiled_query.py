"""A query that the ORM writes once a process: for the few that are asked with each request. Whoever asks those calls it.

What Django takes for turning a queryset into SQL is more than PostgreSQL takes to answer a short one, and each time the same
comes out but for its parameters.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState
from django.db.models.query import get_related_populators

from web.statements import Statement, as_bytes

Row = TypeVar("Row", bound=models.Model)
# What each call gives, by the names of its parameters.
Values = dict[str, Any]


class Parameter(models.Expression):
    """Stands in a queryset for what each call gives under this name."""

    def __init__(self, name: str, field: "models.Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


def words(name: str) -> Parameter:
    return Parameter(name, models.TextField())


def whole(name: str) -> Parameter:
    return Parameter(name, models.BigIntegerField())


def moment(name: str) -> Parameter:
    return Parameter(name, models.DateTimeField())


class CompiledQuery(Generic[Row]):
    """`build` makes the queryset, with a Parameter for each value that changes. It may join one to one, and prefetches
    nothing; `limit` names the parameter that says how many rows are read at most.
    """

    def __init__(self, build: Callable[[], "models.QuerySet[Row]"], limit: str = "") -> None:
        self.build, self.limit = build, limit

    @cached_property
    def compiled(self) -> tuple[str, list[Any], Callable[[Any], Row]]:
        """Its SQL, its parameters, and what makes an instance of a row: at the first call, when all models are loaded."""
        compiler = self.build().query.get_compiler(using=connection.alias)
        sql, parameters = compiler.as_sql()
        limit = [whole(self.limit)] if self.limit else []
        return f"{sql}{' LIMIT %s' if limit else ''}", [*parameters, *limit], maker_of(compiler)

    def all(self, **values: Any) -> list[Row]:
        (found,) = all_of((self, values))
        return found

    def asked(self, values: Values) -> tuple[str, list[bytes | None]]:
        sql, parameters, _ = self.compiled
        return sql, [as_bytes(values[one.name] if isinstance(one, Parameter) else one) for one in parameters]

    def reading(self, read: Callable[[list[Row]], object], **values: Any) -> Statement:
        """As `all`, with other statements."""
        sql, parameters, make = self.compiled
        given = [values[one.name] if isinstance(one, Parameter) else one for one in parameters]
        return Statement(sql, given, lambda found: read([make(row) for row in found]))

    def first(self, **values: Any) -> Row | None:
        return next(iter(self.all(**values)), None)


Question = tuple[CompiledQuery[Any], Values]


def all_of(*questions: Question) -> list[list[Any]]:
    """What each finds, in one round trip. They are carried out in their order, in a transaction of their own where none is
    open."""
    asked = [query.asked(values) for query, values in questions]
    answers = connection.ask(asked, is_binary=True)  # type: ignore[attr-defined]  # of ospab_panel.database
    made = zip((query.compiled[2] for query, _ in questions), answers, strict=True)
    return [[make(row) for row in found] for make, found in made]


class CompiledRows:
    """The same of a queryset of `values_list`, which gives tuples, and whose values are those that a cursor takes."""

    def __init__(self, build: Callable[[], "models.QuerySet[Any, Any]"]) -> None:
        self.build = build

    @cached_property
    def compiled(self) -> tuple[str, tuple[Any, ...]]:
        sql, parameters = self.build().query.sql_with_params()
        return sql, tuple(parameters)

    def all(self, **values: Any) -> list[tuple[Any, ...]]:
        sql, parameters = self.compiled
        given = [values[one.name] if isinstance(one, Parameter) else one for one in parameters]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def maker_of(compiler: Any) -> Callable[[Any], Any]:
    """As ModelIterable makes instances of a queryset's rows, but for the signals of a model that nobody listens to: these
    rows are shown and not changed.
    """
    known, select = compiler.klass_info, compiler.select
    first, last = known["select_fields"][0], known["select_fields"][-1] + 1
    names = [column[0].target.attname for column in select[first:last]]
    related = get_related_populators(known, select, connection.alias)  # type: ignore[call-arg]  # a later Django's
    converters = compiler.get_converters([column[0] for column in select])
    alias = connection.alias

    def make(row: Any) -> Any:
        values = next(compiler.apply_converters([row], converters)) if converters else row
        made = instance_of(known["model"], names, values[first:last], alias)
        for one in related:
            relate(made, one, values, alias)
        return made

    return make


def relate(made: Any, related: Any, values: Any, alias: str) -> None:
    """As RelatedPopulator populates an instance, but for the way back: two that hold each other are garbage that only the
    collector finds, and it would look for that of each answer.
    """
    own, other = values[related.cols_start : related.cols_end], None
    if own[related.pk_idx] is not None:
        other = instance_of(related.model_cls, related.init_list, own, alias)
        for one in related.related_populators:
            relate(other, one, values, alias)
    related.local_setter(made, other)


def instance_of(model: Any, names: list[str], values: Any, alias: str) -> Any:
    made = model.__new__(model)
    state = made._state = ModelState()
    state.adding, state.db = False, alias
    made.__dict__.update(zip(names, values, strict=True))
    return made
