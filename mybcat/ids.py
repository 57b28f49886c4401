"""Public ids: TypeIDs, a prefix and a UUIDv7 in base 32 (typeid.io, version 0.3)."""

from uuid import UUID

import uuid_utils
from typeid import TypeID

from mybcat.errors import UnknownId


def new_uuid() -> UUID:
    """A UUIDv7 (RFC 9562): unguessable, and nearly ascending, which keeps indexes compact."""
    return UUID(int=uuid_utils.uuid7().int)


def public_id(prefix: str, value: UUID) -> str:
    """`value` as callers see it, such as `appt_01m848prweekhr0mc0n2n7fq50`."""
    return str(TypeID.from_uuid(uuid_utils.UUID(bytes=value.bytes), prefix=prefix))


def internal_id(prefix: str, text: object) -> UUID:
    """The UUID behind a public id.

    Raises UnknownId for anything malformed: to a caller it is no different from an id that nothing has.
    """
    try:
        parsed = TypeID.from_string(text)  # type: ignore[arg-type]
        if parsed.prefix != prefix or str(parsed) != text:
            raise UnknownId(prefix=prefix, value=None)
        return UUID(int=parsed.uuid.int)
    except UnknownId:
        raise
    except Exception as error:  # the library raises a zoo of types for hostile text
        raise UnknownId(prefix=prefix, value=None) from error
