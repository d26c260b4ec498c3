"""Styles, translations and static files in one program, for the servers of the tests."""

import django
from django.core.management import call_command

django.setup()
call_command("build_css")
call_command("messages", "--compile")
call_command("collectstatic", "--noinput", verbosity=0)
