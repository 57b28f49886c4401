"""Who signed in to the practice, came to it, left, or was refused something there, for its managers."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat import audit
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.lists import page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.models import AuditEntry
from mybcat.principal import Permission
from mybcat.security import SecurityKind
from practices.acts import ActOutput, ActsQuery, show_acts, span_of

# Not what programs fetch tokens for, which is every hour of every program.
_HERE = (
    "member.signed_in",
    "member.practice_switched",
    "member.signed_out",
    "access.refused",
    # Whose the row was that they asked for is told to nobody here.
    SecurityKind.CROSS_PRACTICE_ACCESS.value,
)
# On record wherever the person works. They may have been in another practice, whose address is not this one's to know.
_ANYWHERE = (
    "member.signed_out_everywhere",
    "member.password_link_mailed",
    "member.password_chosen",
    "member.password_reset",
)


class AccessEntryOutput(ActOutput):
    address = serializers.CharField(allow_null=True, help_text="of what was done in this practice alone")
    asked = serializers.CharField(
        allow_null=True, help_text="access.refused: the method and the route, without what was asked for"
    )


# `data` is a property of the serializer's class, so this cannot be written as one.
AccessList = type(
    "AccessEntryList",
    (serializers.Serializer,),
    {"data": AccessEntryOutput(many=True), "nextCursor": serializers.CharField(allow_null=True)},
)


class AccessTrail(Endpoint):
    permissions = {"GET": Permission.AUDIT_READ}
    tiers = {"GET": Tier.T2}

    @extend_schema(operation_id="listAccess", parameters=[ActsQuery], responses=AccessList)
    def get(self, request: Request) -> Response:
        """What the practice's own record says of it, the newest first. Asking is on record, too."""
        query = read_query(request, ActsQuery, paged=False)
        since, until = span_of(query, now=self.now)
        rows = AuditEntry.objects.filter(at__gte=since, at__lt=until, action__in=_HERE + _ANYWHERE)
        response = page_of(rows, request=request, query=query, order=("-at", "-id"), show_all=_shown)
        practice = [self.principal.practice_id]
        audit.record(
            principal=self.principal, action="access.audit", object_kind="prac", object_ids=practice, now=self.now
        )
        return response


def _shown(entries: Iterable[AuditEntry]) -> list[dict[str, Any]]:
    entries = list(entries)
    return [{**act, **_own(entry)} for act, entry in zip(show_acts(entries), entries, strict=True)]


def _own(entry: AuditEntry) -> dict[str, Any]:
    return {
        "address": entry.address if entry.action in _HERE else None,
        "asked": entry.reason if entry.action == "access.refused" else None,
    }
