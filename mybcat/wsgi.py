"""The application of the `api` process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mybcat.settings")

application = get_wsgi_application()
