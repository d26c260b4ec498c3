"""A site with nothing but the component catalogue and the sign-in frame: no database, no retailer.

Run as a program it serves on the port given: ``python tests/browser/showcase_site.py 8123``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

ROOT = Path(__file__).resolve().parents[2]
POLICY = {"DIRECTIVES": {"default-src": ["'self'"], "img-src": ["'self'", "data:"], "object-src": ["'none'"]}}


def configure() -> None:
    """Set up Django with just enough to render pages."""
    import django
    from django.conf import settings

    (ROOT / "build" / "static").mkdir(parents=True, exist_ok=True)
    settings.configure(
        BASE_DIR=ROOT,
        DEBUG=True,
        SECRET_KEY="only for the catalogue",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="showcase_site",
        INSTALLED_APPS=["django.contrib.staticfiles", "django_htmx", "portal.shared"],
        MIDDLEWARE=[
            "csp.middleware.CSPMiddleware",
            "showcase_site.company",
            "django.middleware.csrf.CsrfViewMiddleware",
            "portal.shared.middleware.LanguageMiddleware",
        ],
        CONTENT_SECURITY_POLICY=POLICY,
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.template.context_processors.i18n",
                        "portal.shared.context.frame",
                    ]
                },
            }
        ],
        LANGUAGES=[("zh-hans", "简体中文"), ("en", "English")],
        LANGUAGE_CODE="en",
        USE_TZ=True,
        STATIC_URL="/static/",
        STATICFILES_DIRS=[ROOT / "build" / "static"],
        STORAGES={"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
    )
    django.setup()


def company(get_response: Any) -> Any:
    """Middleware: ``?brand=#rrggbb,#rrggbb`` dresses the page as a company with these colours."""
    from types import SimpleNamespace

    def serve(request: Any) -> Any:
        colors = request.GET.get("brand", "") or request.COOKIES.get("brand", "")
        if colors:
            primary, accent = colors.split(".")
            record = SimpleNamespace(
                primary_color=f"#{primary}", accent_color=f"#{accent}", logo=b"", tagline={}, support_phone="95598"
            )
            request.retailer = SimpleNamespace(
                names={"en": "Alder Energy", "zh-hans": "桤木能源"}, market="cn", brand=record, languages=[]
            )
        response = get_response(request)
        if colors:
            response.set_cookie("brand", colors)
        return response

    return serve


def sign_in(request: Any) -> Any:
    from django import forms
    from django.shortcuts import render

    class LoginForm(forms.Form):
        login = forms.EmailField(label="Email")
        password = forms.CharField(label="Password", widget=forms.PasswordInput)
        remember = forms.BooleanField(label="Remember me", required=False)

    form = LoginForm({"login": "lin@example.com"} if "wrong" in request.GET else None)
    return render(request, "account/login.html", {"form": form})


def missing(request: Any) -> Any:
    from portal.shared import errors

    return errors.not_found(request)


def __getattr__(name: str) -> Any:
    if name != "urlpatterns":
        raise AttributeError(name)
    from django.urls import include, path

    from portal.shared import views

    return [
        path("", views.showcase),
        path("sign-in/", sign_in, name="account_login"),
        path("reset/", sign_in, name="account_reset_password"),
        path("missing/", missing),
        path("", include("portal.shared.urls")),
    ]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing for each request."""


def main(port: int) -> None:
    sys.modules.setdefault("showcase_site", sys.modules[__name__])
    configure()
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application

    with make_server(
        "127.0.0.1", port, StaticFilesHandler(get_wsgi_application()), server_class=Server, handler_class=Quiet
    ) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()


def prepare() -> None:
    """Build the stylesheet and compile the catalogues."""
    sys.modules.setdefault("showcase_site", sys.modules[__name__])
    configure()
    from django.core.management import call_command

    call_command("build_css", verbosity=0)
    call_command("messages", "--compile")


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        prepare()
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
