"""How visits of the host's support are called, at the host and in the company alike."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STATES = {
    "waiting": _("Waits for consent"),
    "ready": _("Allowed, not begun"),
    "live": _("There now"),
    "ended": _("Ended"),
}
TONES = {"waiting": "warn", "ready": "info", "live": "danger", "ended": "neutral"}
CAUSES = {
    "": "",
    "time": _("time was up"),
    "left": _("left"),
    "company": _("ended by the company"),
    "host": _("ended by the host"),
    "refused": _("refused"),
    "lapsed": _("not begun in time"),
    "elsewhere": _("opened in a second browser"),
}
