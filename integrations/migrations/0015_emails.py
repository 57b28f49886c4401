from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0014_templates_and_receipts"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="channel",
            field=models.CharField(
                choices=[("sms", "Sms"), ("email", "Email")], db_default="sms", default="sms", max_length=5
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="subject",
            field=models.CharField(blank=True, db_default="", max_length=250),
        ),
        migrations.AlterField(
            model_name="message",
            name="to",
            field=models.CharField(blank=True, max_length=254),
        ),
    ]
