"""What a practice has agreed to tell its CRM, and by which credentials."""

from django.db import models
from django.db.models import Q

from mybcat.sealing import SealedField
from mybcat.tenancy import TenantModel


class CrmConnection(TenantModel):
    """A practice's one connection to HubSpot. Without a row, nothing leaves."""

    access_token = SealedField()
    # The practice says that it has such an agreement with HubSpot: without one, no patient's data may go there.
    business_associate_agreement = models.BooleanField()
    # What may be told of a patient. The kind of visit and its reason never are.
    share_name = models.BooleanField()
    share_email = models.BooleanField()
    share_phone = models.BooleanField()
    # HubSpot has the two properties by which it recognizes what is ours.
    prepared_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    # A code; empty: the last exchange went well.
    last_error = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name = "CRM connection"
        constraints = (
            models.UniqueConstraint(fields=("practice", "id"), name="crm_connection_practice_id"),
            models.UniqueConstraint(fields=("practice",), name="crm_connection_once"),
            models.CheckConstraint(condition=Q(business_associate_agreement=True), name="crm_connection_agreed"),
            models.CheckConstraint(
                # HubSpot takes no contact that has neither.
                condition=Q(share_name=True) | Q(share_email=True),
                name="crm_connection_shares_something",
            ),
        )

    def __str__(self) -> str:
        return f"CRM of {self.practice_id}"
