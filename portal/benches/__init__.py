"""Measurements, each a program of its own: `script/bench` lists them."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()
