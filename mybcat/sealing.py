"""Columns that PostgreSQL and its backups hold encrypted, readable in their own row only.

A value is stored as `v1|kid|nonce|ciphertext` (AES-256-GCM). Practice, table, column and row are
authenticated with it, so what was copied from another row does not open.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.apps import apps
from django.conf import settings
from django.db import models

from mybcat.gateway.keys import kept_file
from mybcat.tenancy import platform_scope

VERSION = "v1"
BATCH = 500
_PREFIX, _KEY_BYTES, _NONCE_BYTES = "sealing-", 32, 12


class Unreadable(ValueError):
    """The value was not sealed for this row and column, was changed, or its key is gone."""


class Sealed(str):
    """A value as the database holds it."""

    __slots__ = ()


class SealedField(models.TextField):
    """Text that is sealed when its row is saved and opened when it is looked at.

    Rows are saved one by one or by bulk_create: update() and filters raise TypeError, since neither
    knows the row. Raises Unreadable when a value is looked at that is not this row's.
    """

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _Opened(self))

    def from_db_value(self, value: str | None, *_: object) -> Sealed | None:
        return None if value is None else Sealed(value)

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        return value if value is None or isinstance(value, Sealed) else self.seal(model_instance, value)

    def get_prep_value(self, value: Any) -> Any:
        if value is not None and not isinstance(value, Sealed):
            raise TypeError(f"{self.name} is sealed in its row: save the row")
        return value

    def seal(self, row: Any, text: str) -> Sealed:
        """The text as the row will hold it, under the newest key."""
        kid, key = next(iter(_keys().items()))
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, text.encode(), self._place(row))
        return Sealed("|".join((VERSION, kid, urlsafe_b64encode(nonce).decode(), urlsafe_b64encode(sealed).decode())))

    def open(self, row: Any, sealed: Sealed) -> str:
        """The text. Raises Unreadable."""
        try:
            version, kid, nonce, ciphertext = sealed.split("|")
            if version != VERSION:
                raise Unreadable(version)
            place = self._place(row)
            return AESGCM(_keys()[kid]).decrypt(urlsafe_b64decode(nonce), urlsafe_b64decode(ciphertext), place).decode()
        except (InvalidTag, KeyError, ValueError) as error:
            # No cause: its traceback may hold what was almost opened.
            raise Unreadable(f"{self.model._meta.db_table}.{self.column}: {type(error).__name__}") from None

    def _place(self, row: Any) -> bytes:
        return f"{row.practice_id}|{self.model._meta.db_table}|{self.column}|{row.pk}".encode()


class _Opened:
    """Opens at each look: rows that are only counted or passed on cost nothing."""

    def __init__(self, field: SealedField) -> None:
        self._field = field

    def __get__(self, row: Any, _: object = None) -> Any:
        if row is None:
            return self
        if self._field.attname not in row.__dict__:
            row.refresh_from_db(fields=[self._field.attname])
        value = row.__dict__[self._field.attname]
        return self._field.open(row, value) if isinstance(value, Sealed) else value

    def __set__(self, row: Any, value: str | None) -> None:
        row.__dict__[self._field.attname] = value


def rotate() -> int:
    """Make a new key and seal every row with it; how many were. The old keys may then be removed.

    May be stopped and started again: `reseal` goes on with what is left.
    """
    number = int(next(iter(_keys()))) + 1
    kept_file(_folder() / f"{_PREFIX}{number:04}", _new_key)
    return reseal()


def reseal() -> int:
    """Seal with the newest key whatever an older one has sealed; how many rows were."""
    return sum(_resealed(model, field) for model, field in sealed_columns())


def sealed_columns() -> Iterator[tuple[type[models.Model], SealedField]]:
    """Each model with a sealed column, and the column."""
    for model in apps.get_models():
        yield from ((model, field) for field in model._meta.fields if isinstance(field, SealedField))


def _resealed(model: type[models.Model], field: SealedField) -> int:
    newest, count = f"{VERSION}|{next(iter(_keys()))}|", 0
    while True:
        with platform_scope(reason="seal with a new key"):
            old = model._default_manager.exclude(**{f"{field.attname}__startswith": Sealed(newest)})
            rows = list(old.exclude(**{field.attname: None}).select_for_update(no_key=True)[:BATCH])
            for row in rows:
                setattr(row, field.attname, getattr(row, field.attname))
                row.save(update_fields=[field.attname])
        count += len(rows)
        if len(rows) < BATCH:
            return count


def _keys() -> dict[str, bytes]:
    """Every key by its id, the newest first. A key that another process adds is seen at once."""
    folder = _folder()
    with suppress(FileNotFoundError):
        if keys := _read(folder, folder.stat().st_mtime_ns):
            return keys
    kept_file(folder / f"{_PREFIX}0001", _new_key)
    # A folder that changes twice within a tick of its clock shows the same time.
    _read.cache_clear()
    return _read(folder, folder.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _read(folder: Path, _changed_at: int) -> dict[str, bytes]:
    paths = sorted(folder.glob(f"{_PREFIX}*"), reverse=True)
    return {path.name.removeprefix(_PREFIX): urlsafe_b64decode(path.read_bytes()) for path in paths}


def _folder() -> Path:
    folder: Path = settings.MYBCAT_HOME / "keys"
    return folder


def _new_key() -> bytes:
    return urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES))
