"""Ids as operators read, paste and search them."""

from uuid import UUID

from django.conf import settings
from django.db import models

from mybcat.errors import UnknownId
from mybcat.ids import internal_id, public_id


def prefix_of(model: type[models.Model]) -> str | None:
    """The prefix of the model's public ids; None for a model that has none."""
    return next((prefix for prefix, label in settings.PUBLIC_IDS.items() if label == model._meta.label), None)


def object_kind(model: type[models.Model]) -> str:
    """What audit rows call the model: its prefix, or else its name."""
    return prefix_of(model) or str(model._meta.model_name)


def shown(model: type[models.Model], value: UUID) -> str:
    """The id as callers of the API know it; bare where they never see one."""
    return named(object_kind(model), value)


def named(kind: str, value: UUID) -> str:
    """The id of an object that is known by its kind alone."""
    return public_id(kind, value) if kind in settings.PUBLIC_IDS else str(value)


def understood(text: str) -> tuple[str | None, UUID] | None:
    """The prefix and the UUID of a pasted id, (None, UUID) for a bare one, None for anything else."""
    text = text.strip()
    prefix = text.partition("_")[0]
    try:
        return (prefix, internal_id(prefix, text)) if prefix in settings.PUBLIC_IDS else (None, UUID(text))
    except (UnknownId, ValueError):
        return None
