"""PostgreSQL addresses: what they say, and the same server under another role."""

from urllib.parse import quote, unquote, urlsplit, urlunsplit

from psycopg.conninfo import conninfo_to_dict


def as_role(url: str, *, role: str, password: str, database: str) -> str:
    """`url` for another role and database; host, port and TLS options stay."""
    parts = urlsplit(url)
    server = parts.netloc.rpartition("@")[2]
    netloc = f"{quote(role, safe='')}:{quote(password, safe='')}@{server}"
    return urlunsplit(("postgresql", netloc, f"/{quote(database, safe='')}", parts.query, ""))


def in_database(url: str, database: str) -> str:
    """`url` for another database of the same server and role."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database, safe='')}"))


def user_of(url: str) -> str:
    """The role that `url` names, or nothing."""
    return unquote(urlsplit(url).username or "")


def password_of(url: str) -> str:
    """The password in `url`, or nothing."""
    return str(conninfo_to_dict(url).get("password") or "")


def database_of(url: str, *, default: str) -> str:
    """The database that `url` names; `default` where it names none, or one of PostgreSQL's own."""
    name = unquote(urlsplit(url).path.lstrip("/"))
    return default if name in {"", "postgres", "template0", "template1"} else name
