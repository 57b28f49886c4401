"""What an appointment needs beside a practitioner, of which there is not enough for everybody at once."""

from django.core.validators import RegexValidator
from django.db import models

from mybcat.tenancy import PracticeForeignKey, PracticeManager, TenantModel
from practices.models import ActiveQuerySet, Location

CATEGORY = r"^[a-z][a-z0-9_]{0,39}$"


class Resource(TenantModel):
    """A room or a piece of equipment of a location, which one appointment has at a time."""

    class Kind(models.TextChoices):
        ROOM = "room"
        EQUIPMENT = "equipment"

    location = PracticeForeignKey(Location, models.PROTECT)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # What appointment types ask for: any one of its category will do.
    category = models.CharField(max_length=40, validators=[RegexValidator(CATEGORY)])
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)

    objects = PracticeManager.of(ActiveQuerySet)

    class Meta(TenantModel.Meta):
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="resource_practice_id"),
            models.UniqueConstraint(fields=("practice", "location", "name"), name="resource_name_once"),
        )
        indexes = (models.Index(fields=("practice", "location", "category"), name="resource_category"),)

    def __str__(self) -> str:
        return self.name
