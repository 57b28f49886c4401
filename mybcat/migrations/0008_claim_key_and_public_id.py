"""What services written in PostgreSQL call: the idempotency key's claim, and public ids."""

from django.db import migrations

# gateway/idempotency.py says what it promises. A loop, since an expired row may be replaced by another request's.
CLAIM_KEY = """
CREATE FUNCTION mybcat_claim_key(
    _id uuid, _principal uuid, _operation text, _key text, _fingerprint bytea, _now timestamptz, _expires_at timestamptz,
    OUT fingerprint bytea, OUT status smallint, OUT body bytea
) LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        INSERT INTO mybcat_idempotencykey (id, practice_id, principal_id, operation, key, fingerprint, expires_at)
        VALUES (_id, mybcat_practice(), _principal, _operation, _key, _fingerprint, _expires_at)
        ON CONFLICT DO NOTHING;
        IF FOUND THEN
            RETURN;
        END IF;
        SELECT k.fingerprint, k.status, k.body INTO fingerprint, status, body
        FROM mybcat_idempotencykey k
        WHERE k.practice_id = mybcat_practice() AND k.principal_id = _principal AND k.operation = _operation
          AND k.key = _key AND k.expires_at > _now
        FOR UPDATE;
        IF FOUND THEN
            RETURN;
        END IF;
        DELETE FROM mybcat_idempotencykey k
        WHERE k.practice_id = mybcat_practice() AND k.principal_id = _principal AND k.operation = _operation
          AND k.key = _key AND k.expires_at <= _now;
    END LOOP;
END $$
"""

# The same text as ids.public_id() makes: 130 bits, five to a digit, of which the first two are none.
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_SUFFIX = " || ".join(
    f"substr('{_DIGITS}', 1 + substring(bits FROM {max(first, 1)} FOR {5 + min(first - 1, 0)})::int, 1)"
    for first in range(-1, 128, 5)
)
PUBLIC_ID = f"""
CREATE FUNCTION mybcat_public_id(_prefix text, _id uuid) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    bits CONSTANT bit(128) := ('x' || replace(_id::text, '-', ''))::bit(128);
BEGIN
    RETURN _prefix || '_' || {_SUFFIX};
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("mybcat", "0007_passkeys")]

    operations = [
        migrations.RunSQL(
            CLAIM_KEY, "DROP FUNCTION mybcat_claim_key(uuid, uuid, text, text, bytea, timestamptz, timestamptz)"
        ),
        migrations.RunSQL(PUBLIC_ID, "DROP FUNCTION mybcat_public_id(text, uuid)"),
    ]
