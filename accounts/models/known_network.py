"""Where an account has been logged in to of late, so that nobody elsewhere can lock it out. accounts.guesses writes it."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models.user import User


class KnownNetwork(models.Model):
    """`network` is as accounts.addresses writes it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="known_networks", db_index=False)
    network = models.CharField(max_length=43)
    used_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[models.Manager["KnownNetwork"]] = models.Manager()

    class Meta:
        db_table = "known_networks"
        constraints = [models.UniqueConstraint(fields=["user", "network"], name="a_network_is_known_once_to_a_user")]
        indexes = [models.Index(fields=["used_at"], name="known_networks_by_use")]

    def __str__(self) -> str:
        return f"User {self.user_id} from {self.network}"
