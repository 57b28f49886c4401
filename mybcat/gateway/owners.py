"""Whose is a public id: the one question that the gateway asks across practices."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.apps import apps
from django.conf import settings

# Prefix and value, as a public id has them.
Named = tuple[str, UUID]


def owners_of(named: Iterable[Named]) -> dict[Named, UUID]:
    """The practice of each id that any practice has. In platform scope; one query a prefix."""
    by_prefix: dict[str, list[UUID]] = defaultdict(list)
    for prefix, value in named:
        by_prefix[prefix].append(value)
    owners: dict[Named, UUID] = {}
    for prefix, values in by_prefix.items():
        model = apps.get_model(settings.PUBLIC_IDS[prefix])
        key = "id" if prefix == "prac" else "practice_id"
        rows = model._default_manager.filter(id__in=values).values_list("id", key)
        owners.update({(prefix, value): owner for value, owner in rows})
    return owners


def foreign(named: Iterable[Named], *, practice_id: UUID) -> tuple[Named, UUID] | None:
    """The first that belongs to another practice, and to which. In platform scope."""
    wanted = list(named)
    owners = owners_of(wanted)
    found = ((each, owners[each]) for each in wanted if owners.get(each, practice_id) != practice_id)
    return next(found, None)
