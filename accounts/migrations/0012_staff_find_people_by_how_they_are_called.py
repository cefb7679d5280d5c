"""Staff find people by the beginning of a username or an address, and the few that are locked out or of the staff."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Collate, Lower


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0011_mails_wait_to_be_sent")]

    operations = [
        AddIndexConcurrently("user", models.Index(Collate(Lower("username"), "C"), name="users_by_username")),
        AddIndexConcurrently("user", models.Index(Collate(Lower("email"), "C"), name="users_by_email")),
        AddIndexConcurrently(
            "user", models.Index(fields=["id"], condition=models.Q(is_active=False), name="users_locked_out")
        ),
        AddIndexConcurrently(
            "user", models.Index(fields=["id"], condition=models.Q(is_staff=True), name="users_of_the_staff")
        ),
    ]
