from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0010_groups"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="confirmed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
