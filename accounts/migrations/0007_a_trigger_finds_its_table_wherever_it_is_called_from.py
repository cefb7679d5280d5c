"""The function of migration 0005 brings its own search path: pg_dump restores with an empty one, and `users` was not found."""

from django.db import migrations

# FROM CURRENT is the path of this migration, by which the table is found now.
BRING = "ALTER FUNCTION a_login_name_means_one_person() SET search_path FROM CURRENT"
LEAVE = "ALTER FUNCTION a_login_name_means_one_person() RESET search_path"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_refresh_tokens_have_families'),
    ]

    operations = [migrations.RunSQL(BRING, LEAVE)]
