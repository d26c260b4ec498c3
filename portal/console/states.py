"""How states look: a tone each, and whether work is going on."""

from __future__ import annotations

TONES = {
    "draft": "info",
    "reviewed": "warn",
    "published": "success",
    "withdrawn": "neutral",
    "uploaded": "info",
    "checking": "info",
    "checked": "warn",
    "importing": "info",
    "done": "success",
    "refused": "danger",
    "preparing": "info",
    "rating": "info",
    "running": "info",
    "review": "warn",
    "issuing": "info",
    "cancelled": "neutral",
    "waiting": "neutral",
    "drafted": "info",
    "parked": "warn",
    "held": "warn",
    "released": "warn",
    "issued": "success",
    "accepted": "success",
    "corrected": "info",
    "unchanged": "neutral",
    "outdated": "neutral",
    "invoice": "neutral",
    "credit_note": "warn",
    "open": "warn",
    "healed": "success",
    "estimated": "info",
    "edited": "info",
}
WORKING = frozenset({"running", "uploaded", "checking", "importing", "preparing", "rating", "issuing"})
