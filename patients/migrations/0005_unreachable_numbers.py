from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0004_consent"),
    ]

    operations = [
        migrations.AddField(
            model_name="patient",
            name="sms_unreachable_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
