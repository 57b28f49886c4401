"""Whether anybody listens where an address leads."""

import socket
import threading

from mybcat.embedded.refusal import Refusal

# Seconds; a login may take as many again, and 10 are all that a wrong address may cost.
PATIENCE = 4.0


def require(*, variable: str, host: str, port: int) -> None:
    """Raises Refusal unless a server takes a connection there."""
    found: list[OSError | None] = []

    def look() -> None:
        try:
            socket.create_connection((host, port), timeout=PATIENCE).close()
            found.append(None)
        except OSError as error:
            found.append(error)

    # In a thread, because nothing else limits the time that the system takes to look up a name.
    search = threading.Thread(target=look, daemon=True)
    search.start()
    search.join(PATIENCE)
    obstacle = found[0] if found else TimeoutError()
    if isinstance(obstacle, socket.gaierror):
        raise Refusal(f"{variable} names a host that is not known: {host}.")
    if obstacle is not None:
        raise Refusal(f"{variable} leads to {host}:{port}, where nothing answers.")
