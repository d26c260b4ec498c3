"""States and steps of sign-ups in the reader's language."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

STATES = {
    "waiting": _("Mail not confirmed"), "name_taken": _("Name taken meanwhile"), "working": _("Being made"),
    "ready": _("Ready"), "failed": _("Stopped"), "refused": _("Refused"), "expired": _("Given up"),
}  # fmt: skip
TONES = {
    "waiting": "neutral", "name_taken": "warn", "working": "info", "ready": "success", "failed": "danger",
    "refused": "neutral", "expired": "neutral",
}  # fmt: skip
STEPS = {
    "register": _("Name and address registered"), "space": _("Space made"), "subscription": _("Trial begun"),
    "seed": _("Synthetic data made"), "administrator": _("Administrator invited"), "ready": _("Ready"),
}  # fmt: skip
STEP_STATES = {
    "waiting": _("Waiting"), "running": _("Under way"), "done": _("Done"), "failed": _("To be tried again"),
}  # fmt: skip
STEP_TONES = {"waiting": "neutral", "running": "info", "done": "success", "failed": "warn"}


def steps(progress: Any) -> list[dict[str, Any]]:
    """Return each step with its words; the counts of the data while they are made."""
    return [
        {
            "step": each, "title": STEPS[each.name], "label": STEP_STATES[each.state], "tone": STEP_TONES[each.state],
            "share": f"{each.done} / {each.total}" if each.total and each.state == "running" else "",
        }
        for each in progress.steps
    ]  # fmt: skip


def bar(progress: Any) -> dict[str, Any]:
    """Return the bar over all steps: data that are being made count by their parts."""
    whole, done = len(progress.steps), progress.done
    running = next((each for each in progress.steps if each.name == "seed" and each.total), None)
    if running is None or running.state == "done":
        return {"bar_done": done, "bar_total": whole}
    return {"bar_done": done * running.total + running.done, "bar_total": whole * running.total}
