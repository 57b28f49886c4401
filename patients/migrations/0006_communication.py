from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0005_unreachable_numbers"),
    ]

    operations = [
        migrations.AddField(
            model_name="patient",
            name="declined_kinds",
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name="patient",
            name="email_declined_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="patient",
            name="preferred_channel",
            field=models.CharField(
                choices=[("sms", "Sms"), ("email", "Email"), ("none", "None")],
                db_default="sms",
                default="sms",
                max_length=5,
            ),
        ),
    ]
