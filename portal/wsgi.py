import os

from django.core.wsgi import get_wsgi_application

from audit.door import come_as_portal

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = get_wsgi_application()
come_as_portal()
