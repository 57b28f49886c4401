"""Managers see and change who works for the practice; whoever is new chooses a password."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from mybcat import epochs
from mybcat.correlation import remote_address
from mybcat.gateway.endpoint import Endpoint
from mybcat.gateway.inputs import FlagField, Input, read_body
from mybcat.gateway.lists import listed, page_of, read_query
from mybcat.gateway.tiers import Tier
from mybcat.ids import internal_id, public_id
from mybcat.lockout import Attempt
from mybcat.principal import Permission, Role
from mybcat.tenancy import platform_scope
from practices.auth_views import PublicEndpoint
from practices.members import forgotten, links, services
from practices.models import Membership

ROLES = [role.value for role in Role]


class MemberInput(Input):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(max_length=120)
    role = serializers.ChoiceField(choices=ROLES)

    def validate_email(self, value: str) -> str:
        # In small letters, as it is kept, some characters are two.
        return str(self.fields["email"].run_validation(value.lower()))


class MemberChange(Input):
    role = serializers.ChoiceField(choices=ROLES, required=False)
    active = FlagField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Nothing to change")
        return attrs


class PasswordInput(Input):
    token = serializers.CharField(max_length=200, help_text="what stands behind # in the link")
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class ForgottenInput(Input):
    email = serializers.CharField(max_length=254)


class ForgottenOutput(serializers.Serializer[Any]):
    linkExpiresIn = serializers.IntegerField(help_text="seconds, from when it is mailed, if it is")


class MemberOutput(serializers.Serializer[Any]):
    memberId = serializers.CharField()
    name = serializers.CharField(help_text="their own; empty while pending")
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=ROLES)
    active = serializers.BooleanField()
    pending = serializers.BooleanField(help_text="invited, and has not come in yet")
    invitedAt = serializers.DateTimeField(allow_null=True)
    me = serializers.BooleanField()


class Members(Endpoint):
    permissions = dict.fromkeys(("GET", "POST"), Permission.PRACTICE_MANAGE)
    tiers = {"GET": Tier.T4, "POST": Tier.T2}
    idempotent = {"POST": "accepted"}

    @listed("listMembers", v1=MemberOutput, v2=MemberOutput)
    def get(self, request: Request) -> Response:
        """Who works for the practice, also those who do no more."""
        rows = Membership.objects.select_related("user")
        query = read_query(request)
        return page_of(rows, request=request, query=query, order=("created_at", "id"), show_all=self._show_all)

    @extend_schema(operation_id="addMember", request=MemberInput, responses={201: MemberOutput})
    def post(self, request: Request) -> Response:
        """Let somebody work here; an e-mail tells them, and whoever has no password yet chooses one by its link."""
        body = read_body(MemberInput, request)
        return Response(self._show(services.add_member(**body, by=self.principal, now=self.now)), status=201)

    def _show_all(self, rows: Any) -> list[dict[str, Any]]:
        return [self._show(row) for row in rows]

    def _show(self, row: Membership) -> dict[str, Any]:
        return show_member(row, me=row.user_id == self.principal.id)


class MemberDetail(Endpoint):
    permissions = {"PATCH": Permission.PRACTICE_MANAGE}
    tiers = {"PATCH": Tier.T2}
    changes_access = True

    @extend_schema(operation_id="updateMember", request=MemberChange, responses=MemberOutput)
    def patch(self, request: Request, member_id: str) -> Response:
        """Another role, or no access any more: it holds at their next request. Not one's own; a manager stays."""
        body = read_body(MemberChange, request)
        wanted = internal_id("mem", member_id)
        asked = {"role": body.get("role"), "active": body.get("active")}
        changed = services.change_member(member_id=wanted, **asked, by=self.principal, now=self.now)
        return Response(show_member(changed, me=False))


class MemberInvite(Endpoint):
    permissions = {"POST": Permission.PRACTICE_MANAGE}
    tiers = {"POST": Tier.T2}

    @extend_schema(operation_id="inviteMember", request=None, responses=MemberOutput)
    def post(self, request: Request, member_id: str) -> Response:
        """Mail the invitation again, to whoever has not come in; earlier links stay good until one was used."""
        wanted = internal_id("mem", member_id)
        return Response(show_member(services.invite_again(member_id=wanted, by=self.principal, now=self.now), me=False))


class Password(PublicEndpoint):
    @extend_schema(operation_id="choosePassword", request=PasswordInput, responses={204: None}, auth=[])
    def post(self, request: Request) -> HttpResponse:
        """Choose a password, by an invitation's link or that for a forgotten one; good once, it ends all sessions."""
        body = read_body(PasswordInput, request)
        with platform_scope(reason="choose password"):
            links.choose_password(**body, now=timezone.now())
        epochs.announce()
        return HttpResponse(status=204)


class ForgottenPassword(PublicEndpoint):
    @extend_schema(operation_id="forgotPassword", request=ForgottenInput, responses={202: ForgottenOutput}, auth=[])
    def post(self, request: Request) -> Response:
        """Have a link mailed by which to choose another password. Who has no account is answered alike."""
        email, now = read_body(ForgottenInput, request)["email"], timezone.now()
        asked = Attempt.of(account=email, address=remote_address(), at="forgotten password")
        with platform_scope(reason="forgotten password"):
            asked.refuse_if_locked(now=now)
            asked.failed(now=now)
            forgotten.ask(email=email, now=now)
        body = {"linkExpiresIn": int(links.FORGOTTEN_GOOD.total_seconds())}
        return Response(body, status=202, headers={"Cache-Control": "no-store"})


def show_member(row: Membership, *, me: bool) -> dict[str, Any]:
    awaited = services.is_awaited(row)
    return {
        "memberId": public_id("mem", row.id),
        "name": "" if awaited else row.user.name,
        "email": row.user.email,
        "role": row.role,
        "active": row.is_active,
        "pending": awaited,
        "invitedAt": row.invited_at,
        "me": me,
    }
