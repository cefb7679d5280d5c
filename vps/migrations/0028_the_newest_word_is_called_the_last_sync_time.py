"""The model alone is renamed: its table keeps its name, and the release before goes on reading and writing it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("vps", "0027_tombstones_are_found_by_name")]

    operations = [migrations.RenameModel("NewestWord", "LastSyncTime")]
