"""Celery executes; the truth of what is due stands in PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mybcat.settings")

app = Celery("mybcat")
app.config_from_object("mybcat.celeryconfig")
app.autodiscover_tasks()
