"""Who calls: the only thing that a view knows about its caller."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, Self
from uuid import UUID


class Permission(StrEnum):
    """What a route asks for. The codes are stable: tokens and audit rows hold them."""

    APPOINTMENT_READ = "appointments:read"
    APPOINTMENT_WRITE = "appointments:write"
    # Beside what the calendar has room for; in an emergency whoever is on the phone may.
    APPOINTMENT_OVERBOOK = "appointments:overbook"
    PATIENT_READ = "patients:read"
    PATIENT_WRITE = "patients:write"
    PATIENT_MERGE = "patients:merge"
    # All of them at once, out of the product.
    PATIENT_EXPORT = "patients:export"
    # Files of them, of hours, of appointments, into the product.
    DATA_IMPORT = "imports:write"
    # Saying that the clinician sets out, arrives, is done.
    VISIT_CONDUCT = "visits:conduct"
    REFERENCE_READ = "reference:read"
    # Who saw and changed patients' data.
    AUDIT_READ = "audit:read"
    # Hours, types, protocols: how the practice works.
    PRACTICE_MANAGE = "practice:manage"
    CLIENT_MANAGE = "clients:manage"
    ANALYTICS_READ = "analytics:read"
    BILLING_MANAGE = "billing:manage"
    WEBHOOK_MANAGE = "webhooks:manage"
    # What was given up: to be delivered anew, or wanted no more.
    DELIVERY_MANAGE = "deliveries:manage"
    MESSAGE_READ = "messages:read"
    MESSAGE_WRITE = "messages:write"
    # Templates, and how a practice sends.
    MESSAGE_MANAGE = "messages:manage"


class Role(StrEnum):
    """What a member is in a practice."""

    SCHEDULING_AGENT = "scheduling_agent"
    PRACTICE_MANAGER = "practice_manager"
    PRACTITIONER = "practitioner"


# Granted one by one: a new permission is nobody's until someone has thought about it.
_READS = frozenset({Permission.APPOINTMENT_READ, Permission.PATIENT_READ, Permission.REFERENCE_READ})
_ON_THE_PHONE = _READS | {
    Permission.APPOINTMENT_WRITE,
    Permission.PATIENT_WRITE,
    Permission.MESSAGE_READ,
    Permission.MESSAGE_WRITE,
}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.SCHEDULING_AGENT: _ON_THE_PHONE,
    Role.PRACTICE_MANAGER: _ON_THE_PHONE
    | {
        Permission.PRACTICE_MANAGE,
        Permission.APPOINTMENT_OVERBOOK,
        Permission.PATIENT_MERGE,
        Permission.PATIENT_EXPORT,
        Permission.DATA_IMPORT,
        Permission.CLIENT_MANAGE,
        Permission.ANALYTICS_READ,
        Permission.BILLING_MANAGE,
        Permission.AUDIT_READ,
        Permission.WEBHOOK_MANAGE,
        Permission.DELIVERY_MANAGE,
        Permission.MESSAGE_MANAGE,
        Permission.VISIT_CONDUCT,
    },
    Role.PRACTITIONER: _READS | {Permission.VISIT_CONDUCT},
}


class Actor(Protocol):
    """What a record says of whoever acted: a member's principal, or an operator, who is in no practice."""

    @property
    def kind(self) -> str: ...

    @property
    def id(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class Operator:
    """A principal that acts in no practice, so it has no more than a kind and an id."""

    id: UUID
    kind: str = "operator"


@dataclass(frozen=True, slots=True)
class Behalf:
    """On whose behalf something happens after their request: what they began runs out, or is due."""

    kind: str
    id: UUID
    practice_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller inside one practice: a member, an API client of the practice's, whoever has a patient's link.

    Or a patient who takes what the waitlist has offered.
    """

    kind: Literal["member", "client", "link", "waitlist"]
    id: UUID
    practice_id: UUID
    # None: an API client has scopes and no role, patients have neither.
    role: Role | None
    scopes: frozenset[Permission]
    plan: str
    # Until when the practice may book; None: it may not.
    entitled_until: datetime | None
    time_zone: str
    # The sign-in; None where the token is no session of ours.
    session_id: UUID | None
    # The platform's operator who looks at what the member sees; None: it is the member.
    operator_id: UUID | None = None

    # DRF asks its `request.user` this.
    is_authenticated = True

    @classmethod
    def member(
        cls,
        *,
        user_id: UUID,
        practice_id: UUID,
        role: Role,
        plan: str,
        entitled_until: datetime | None,
        time_zone: str,
        session_id: UUID | None,
    ) -> Self:
        """A member, who may do what the role is granted."""
        return cls(
            kind="member",
            id=user_id,
            practice_id=practice_id,
            role=role,
            scopes=PERMISSIONS[role],
            plan=plan,
            entitled_until=entitled_until,
            time_zone=time_zone,
            session_id=session_id,
        )

    @classmethod
    def by_link(
        cls, *, patient_id: UUID, practice_id: UUID, plan: str, entitled_until: datetime | None, time_zone: str
    ) -> Self:
        """The patient whose link it is; routes of the API are closed to it."""
        return cls(
            kind="link",
            id=patient_id,
            practice_id=practice_id,
            role=None,
            scopes=frozenset(),
            plan=plan,
            entitled_until=entitled_until,
            time_zone=time_zone,
            session_id=None,
        )

    @classmethod
    def waiting(
        cls, *, patient_id: UUID, practice_id: UUID, plan: str, entitled_until: datetime | None, time_zone: str
    ) -> Self:
        """The patient who says yes to a time on offer; likewise."""
        link = cls.by_link(
            patient_id=patient_id,
            practice_id=practice_id,
            plan=plan,
            entitled_until=entitled_until,
            time_zone=time_zone,
        )
        return replace(link, kind="waitlist")

    def viewed_by(self, operator_id: UUID) -> Self:
        """The member as an operator may act for them: who only looks."""
        return replace(self, operator_id=operator_id, scopes=self.scopes & _READS)

    @property
    def acting(self) -> Actor:
        """Whom records name: the caller, or the operator who looks at what this member sees."""
        return Operator(self.operator_id) if self.operator_id else self

    def may(self, permission: Permission) -> bool:
        """Whether `permission` is among what the caller was granted."""
        return permission in self.scopes
