"""Sign-ins through which an operator looks at what a member sees."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("practices", "0005_subscriptions")]

    operations = [
        migrations.AddField(
            model_name="refreshfamily",
            name="viewed_by",
            field=models.ForeignKey(null=True, on_delete=models.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
    ]
