"""Nobody's username is another's e-mail address. Unique constraints compare a column with itself alone, so triggers do it.

Whoever writes past the panel's own checks is refused here too. Rows that are there already are left as they are.
"""

from django.db import migrations

# The lock is the one of PanelUserManager.wait_to_name. Whoever waited for it sees what the one before has written.
GUARD = """
    CREATE FUNCTION a_login_name_means_one_person() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(28161, 0);
        IF EXISTS (SELECT FROM users WHERE id <> NEW.id AND lower(email) = lower(NEW.username))
        OR EXISTS (SELECT FROM users WHERE id <> NEW.id AND lower(username) = lower(NEW.email)) THEN
            RAISE unique_violation USING
                CONSTRAINT = 'a_login_name_means_one_person',
                MESSAGE = 'this username or e-mail address means somebody else';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER a_new_login_name_means_one_person BEFORE INSERT ON users
        FOR EACH ROW EXECUTE FUNCTION a_login_name_means_one_person();
    CREATE TRIGGER a_changed_login_name_means_one_person BEFORE UPDATE ON users
        FOR EACH ROW WHEN ((OLD.username, OLD.email) IS DISTINCT FROM (NEW.username, NEW.email))
        EXECUTE FUNCTION a_login_name_means_one_person();
"""
UNGUARD = """
    DROP TRIGGER a_changed_login_name_means_one_person ON users;
    DROP TRIGGER a_new_login_name_means_one_person ON users;
    DROP FUNCTION a_login_name_means_one_person();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_a_link_logs_a_person_in'),
    ]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
