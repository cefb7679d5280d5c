import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_answers_and_counts_are_of_the_app_web'),
    ]

    operations = [
        migrations.CreateModel(
            name='MailLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('reset_password', 'Reset Password'), ('confirm_old_email', 'Confirm Old Email'), ('confirm_new_email', 'Confirm New Email')], max_length=30)),
                ('token_hash', models.CharField(max_length=64)),
                ('address', models.EmailField(max_length=254)),
                ('token_version', models.IntegerField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='mail_links', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'mail_links',
                'constraints': [models.UniqueConstraint(fields=('token_hash',), name='a_mails_link_means_one_user'), models.UniqueConstraint(fields=('user', 'purpose'), name='a_user_has_one_mail_link_a_purpose')],
            },
        ),
    ]
