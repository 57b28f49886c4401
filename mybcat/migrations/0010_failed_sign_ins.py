"""Failed sign-ins by account and address, as digests."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mybcat", "0009_epochs")]

    operations = [
        migrations.CreateModel(
            name="FailedSignIns",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("failures", models.PositiveIntegerField()),
                ("until", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["until"], name="failed_sign_ins_until")]},
        ),
    ]
