from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vps', '0015_what_happened_before_has_a_place_in_the_feed'),
    ]

    operations = [
        migrations.AlterField(
            model_name='webhookendpoint',
            name='disabled_why',
            field=models.CharField(blank=True, choices=[('gone', 'it answered 410 Gone'), ('silent', 'it took nothing for three and a half days'), ('staff', 'by staff')], db_default='', default='', editable=False, max_length=10, verbose_name='why disabled'),
        ),
        migrations.RemoveConstraint(
            model_name='webhookendpoint',
            name='a_disabled_endpoint_says_when_and_why',
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(
                condition=models.Q(('disabled_at', None), ('disabled_why', ''), ('is_active', True)) | models.Q(('disabled_at__isnull', False), ('disabled_why__in', ['gone', 'silent', 'staff']), ('is_active', False)),
                name='a_disabled_endpoint_says_when_and_why',
            ),
        ),
    ]
