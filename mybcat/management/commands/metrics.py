"""`manage.py metrics`: all processes' metrics on a private port, until SIGTERM or SIGINT."""

import signal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from mybcat.metrics import CONTENT_TYPE, exposition

logger = structlog.get_logger(__name__)

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
# For a scraper that has stopped reading.
_SECONDS = 10


class Command(BaseCommand):
    help = "Serve /metrics to Prometheus, and nothing else, until told to stop."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        server = ThreadingHTTPServer((settings.ENVIRONMENT.metrics_host, options["port"]), _Handler)
        Thread(target=server.serve_forever, name="metrics", daemon=True).start()
        logger.info("Metrics are served", port=options["port"])
        signal.sigwait(STOP_SIGNALS)
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    timeout = _SECONDS

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = exposition()
        self.send_response(200)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """A line a scrape says nothing."""
