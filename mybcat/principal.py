"""Who calls: the only thing that a view knows about its caller."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Permission(StrEnum):
    """What a route asks for. The codes are stable: tokens and audit rows hold them."""

    APPOINTMENT_READ = "appointments:read"
    APPOINTMENT_WRITE = "appointments:write"
    PATIENT_READ = "patients:read"
    PATIENT_WRITE = "patients:write"
    REFERENCE_READ = "reference:read"


class Role(StrEnum):
    """What a member is in a practice."""

    SCHEDULING_AGENT = "scheduling_agent"
    PRACTICE_MANAGER = "practice_manager"
    PRACTITIONER = "practitioner"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.SCHEDULING_AGENT: frozenset(Permission),
    Role.PRACTICE_MANAGER: frozenset(Permission),
    Role.PRACTITIONER: frozenset(
        {
            Permission.APPOINTMENT_READ,
            Permission.PATIENT_READ,
            Permission.REFERENCE_READ,
        }
    ),
}


class Actor(Protocol):
    """What a record says of whoever acted: a member's principal, or an operator, who is in no practice."""

    @property
    def kind(self) -> str: ...

    @property
    def id(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller inside one practice, as the database knows it at this request."""

    kind: str
    id: UUID
    practice_id: UUID
    role: Role
    plan: str
    time_zone: str
    session_id: UUID | None

    # DRF asks its `request.user` this.
    is_authenticated = True

    def may(self, permission: Permission) -> bool:
        """Whether the caller's role grants `permission`."""
        return permission in PERMISSIONS[self.role]
