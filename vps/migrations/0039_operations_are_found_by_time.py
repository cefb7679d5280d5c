"""The staff's first page counts the operations of an hour and the failures of a day, every few seconds, however many there
were before."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("vps", "0038_people_are_told_how_it_ended")]

    operations = [
        AddIndexConcurrently("operation", models.Index(fields=["created_at"], name="operations_by_time")),
        AddIndexConcurrently(
            "operation",
            models.Index(fields=["finished_at"], condition=models.Q(state="failed"), name="failed_operations_by_time"),
        ),
    ]
