"""Sealed columns: unreadable in the database, in another row, and without their key."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings as Settings
from django.core.management import call_command
from django.db import connection, models, transaction
from django.test.utils import isolate_apps

from mybcat import sealing
from mybcat.ids import new_uuid
from mybcat.sealing import SealedField, Unreadable
from mybcat.tenancy import TenantModel, practice_scope
from tests.factories import Clinic

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(autouse=True)
def keys(settings: Settings, tmp_path: Path) -> Path:
    settings.MYBCAT_HOME = tmp_path
    return tmp_path / "keys"


@pytest.fixture
def account(clinic: Clinic) -> Iterator[type[Any]]:
    """A model with two sealed columns, and its table for the length of one transaction in the clinic."""
    with isolate_apps("mybcat"):

        class Account(TenantModel):
            secret = SealedField(null=True)
            other = SealedField(null=True)

            class Meta(TenantModel.Meta):
                app_label = "mybcat"
                db_table = "account_of_a_test"

        Account._meta.get_field("practice").remote_field.model = type(clinic.practice)
        with practice_scope(clinic.practice.id):
            with connection.cursor() as cursor:
                cursor.execute(
                    "CREATE TEMP TABLE account_of_a_test"
                    " (id uuid PRIMARY KEY, practice_id uuid, secret text, other text) ON COMMIT DROP"
                )
            yield Account


def stored(column: str = "secret") -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM account_of_a_test")
        value: str = cursor.fetchone()[0]
        return value


def store(text: str, *, column: str = "secret") -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE account_of_a_test SET {column} = %s", [text])


def test_what_is_stored_says_nothing_and_is_read_again(account: Any) -> None:
    saved = account.objects.create(secret=SECRET)
    version, kid, nonce, ciphertext = stored().split("|")
    assert (version, kid) == ("v1", "0001")
    assert SECRET not in stored()
    assert nonce != ciphertext
    assert (saved.secret, account.objects.get().secret) == (SECRET, SECRET)
    assert account.objects.get().other is None


def test_one_value_is_sealed_differently_each_time(account: Any) -> None:
    account.objects.bulk_create([account(secret=SECRET, other=SECRET)])
    assert stored() != stored("other")
    row = account.objects.get()
    assert (row.secret, row.other) == (SECRET, SECRET)


def test_a_row_that_is_saved_for_another_reason_keeps_its_bytes(account: Any) -> None:
    account.objects.create(secret=SECRET)
    before = stored()
    account.objects.get().save()
    assert stored() == before
    account.objects.defer("secret").get().save()
    assert account.objects.defer("secret").get().secret == SECRET


def test_what_belongs_to_another_place_does_not_open(account: Any, clinic: Clinic) -> None:
    row = account.objects.create(secret=SECRET, other="other")
    mine = stored()
    for practice_id, row_id in ((clinic.practice.id, new_uuid()), (new_uuid(), row.id)):
        twin = account(id=row_id, practice_id=practice_id)
        twin.__dict__["secret"] = sealing.Sealed(mine)
        with pytest.raises(Unreadable):
            _ = twin.secret
    store(mine, column="other")
    with pytest.raises(Unreadable):
        _ = account.objects.get().other


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "v2" + text[2:],
        lambda text: text.replace("0001", "0009"),
        lambda text: text[:-8] + ("AAAA" if text[-8:-4] != "AAAA" else "BBBB") + text[-4:],
        lambda text: text[:30],
        lambda text: "plain text",
        lambda text: "",
    ],
)
def test_what_was_changed_does_not_open(account: Any, spoil: Any) -> None:
    account.objects.create(secret=SECRET)
    store(spoil(stored()))
    with pytest.raises(Unreadable) as refused:
        _ = account.objects.get().secret
    assert SECRET not in str(refused.value)


def test_updates_and_filters_that_do_not_know_the_row_are_mistakes(account: Any) -> None:
    row = account.objects.create(secret=SECRET)
    before = stored()
    row.secret = "changed"
    for mistake in (
        lambda: account.objects.update(secret="plain"),
        lambda: account.objects.filter(secret=SECRET).exists(),
        lambda: account.objects.bulk_update([row], ["secret"]),
    ):
        with pytest.raises(TypeError, match="save the row"), transaction.atomic():
            mistake()
        assert stored() == before


def test_keys_are_readable_by_their_owner_alone(account: Any, keys: Path) -> None:
    account.objects.create(secret=SECRET)
    (key,) = keys.iterdir()
    assert (keys.stat().st_mode & 0o777, key.stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_new_key_seals_and_the_old_one_still_opens(account: Any, keys: Path) -> None:
    account.objects.create(secret=SECRET)
    (keys / "sealing-0002").write_bytes(sealing._new_key())
    row = account.objects.get()
    assert row.secret == SECRET
    row.other = "new"
    row.save()
    assert (stored()[:8], stored("other")[:8]) == ("v1|0001|", "v1|0002|")
    (keys / "sealing-0001").unlink()
    assert account.objects.get().other == "new"
    with pytest.raises(Unreadable):
        _ = account.objects.get().secret


def test_the_command_makes_a_key(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sealing", "rotate")
    call_command("sealing", "reseal")
    assert sorted(key.name for key in keys.iterdir()) == ["sealing-0001", "sealing-0002"]
    assert capsys.readouterr().out.count("0 rows are sealed") == 2


def test_no_column_is_sealed_without_a_practice() -> None:
    for model, _ in sealing.sealed_columns():
        assert issubclass(model, models.Model)
        assert any(field.attname == "practice_id" for field in model._meta.concrete_fields)
