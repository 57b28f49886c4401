"""What is measured, against which limit: each module with a `main` is a command, `python -m bench.<module>`."""

import os

import django

# Every command works with the product's models, which need its settings before they can be imported.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mybcat.settings")
django.setup()
