"""Pages for what goes wrong. They say what happened, what is safe, and what to do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return render(request, "403.html", {"reason": _reason(exception)}, status=403)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Show that the fault is ours; uses neither database nor context, since either may be what broke."""
    return HttpResponse(loader.render_to_string("500.html"), status=500)


def _reason(exception: Any) -> str:
    """Return the sentence of a refusal, never the text of an unexpected exception."""
    return str(exception) if isinstance(exception, PermissionError) or hasattr(exception, "template") else ""
