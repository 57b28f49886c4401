"""Whether the product answers."""

from http.client import HTTPConnection, HTTPException

from mybcat.embedded.ports import LOOPBACK

# Seconds: the first answer of a process includes the loading of its code.
_PATIENCE = 2.0


def obstacle(port: int) -> str | None:
    """What `api` or `live` still lacks, as a sentence's subject and verb; None when both are ready."""
    return _obstacle(port, "/readyz") or _obstacle(port + 1, "/healthz")


def _obstacle(port: int, path: str) -> str | None:
    # No urllib: it would ask the proxy that the environment names.
    connection = HTTPConnection(LOOPBACK, port, timeout=_PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read(200).decode(errors="replace")
    except (OSError, HTTPException):
        return f"http://{LOOPBACK}:{port}{path} does not answer"
    finally:
        connection.close()
    return None if answer.status == 200 else f"http://{LOOPBACK}:{port}{path} answers {answer.status} {text}"
