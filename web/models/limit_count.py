"""How often something was done of late that may be done so often only. web.limits alone writes it."""

from typing import ClassVar

from django.db import models


class LimitCount(models.Model):
    """`what` is the limit's name, and `who` whom it counts for; until `ends_at` it is counted on, then from nothing."""

    pk = models.CompositePrimaryKey("what", "who")
    what = models.CharField(max_length=40)
    who = models.CharField(max_length=120, blank=True)
    count = models.IntegerField()
    ends_at = models.DateTimeField()

    objects: ClassVar[models.Manager["LimitCount"]] = models.Manager()

    class Meta:
        db_table = "limit_counts"
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(count__gte=0), name="nothing_is_counted_below_zero")]
        indexes = [models.Index(fields=["ends_at"], name="limit_counts_by_end")]

    def __str__(self) -> str:
        return f"{self.what}: {self.count}"
