"""What is sent to routes whose form no page shows, and to the API, whose own description says what it takes."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from isolation import canaries, routes

ANYTHING = {
    "ids": "1", "items": "1", "lines": "1", "number": "C10001", "account": "A10001", "reason": "words",
    "note": "words", "amount": "1.00", "date": "2026-11-01", "on": "2026-11-01", "confirm": "on", "code": "text",
    "email": "a@fleet.test", "version": "1", "session": "1", "value": "1", "version_id": "1", "password": "words",
    "text": "words",
}  # fmt: skip
"""Fields of forms that no page of the fleet shows just now, because of the state its records are in."""
SENT_TO = {
    "end_session", "end_other_sessions", "mfa_authenticate", "mfa_reauthenticate", "mfa_deactivate_totp",
    "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "console:undo_booking", "console:open_desk",
    "console:approve_cash", "console:recount_cash", "console:hand_out_refund", "console:carry_out_exceptions",
    "console:preview_exceptions", "console:believe_read", "console:undo_quantity", "console:preview_release",
    "console:release_many", "console:assign_by_rule", "console:resume_run", "console:approve_bill",
    "console:send_back_bill", "console:preview_corrections", "console:approve_corrections",
    "console:approve_correction", "console:fiscal_confirm", "console:send_message_again", "console:pay_hosting",
    "console:change_plan", "console:end_plan", "console:keep_plan", "console:arrears_release",
    "console:arrears_stop", "console:publish_arrears_path", "console:discard_arrears_path", "console:final_notice",
    "console:unlock", "console:reset_factor", "console:confirm_customer_import", "console:confirm_import",
    "console:publish", "console:release", "console:rebill", "console:import_columns", "webhooks:stripe",
    "webhooks:stripe_connected", "portal:save_method", "portal:forget_method", "portal:authority",
    "portal:end_authority", "portal:prepaid", "portal:read_meter", "hosting:load_plans", "hosting:issue_bill",
    "hosting:pay_bill", "hosting:void_bill", "hosting:stripe_billing", "hosting:provision", "hosting:unlock",
    "hosting:mark_alert", "account_login", "account_logout", "account_reset_password", "account_reauthenticate",
    "support_leave", "hosting:ask_deletion", "console:approve_erasure", "console:check_erasure",
    "portal:withdraw_own_request", "console:show_customer", "console:remove_domain", "console:check_domain",
    "console:primary_domain", "hosting:takeout_link", "hosting:sign_plan", "hosting:restore_upload",
    "hosting:replace_from_backup", "hosting:prolong_demo", "hosting:go_on_entering", "hosting:end_visit",
    "hosting:drop_former", "hosting:drill_backup", "hosting:copy_from_backup", "hosting:choose_sign_up_name",
    "hosting:archive_link", "console:allow_support", "console:end_support", "console:check_sso_domain", "sso_logout",
    "console:close_portal", "console:change_channel_factor", "console:add_channel", "console:give_out_data",
    "console:refuse_data_request", "console:correct_data",
}  # fmt: skip
"""Routes that get ANYTHING."""
PAGES: dict[str, dict[str, Any]] = {
    "account_login": {"login": "administrator@fleet.test", "password": "wrong"},
    "portal:join": {"number": "A10001", "email": "somebody@fleet.test"},
    "account_reset_password": {"email": "administrator@fleet.test"},
}
"""Forms that no page shows, by the name of their route: field → value."""
BY_NAME = {
    "customer": "C10001", "account": "A10001", "supply_point": "320100000001", "product": "HOME-TIERED",
    "currency": "CNY", "kind": "household", "on": "2026-11-01", "email": "somebody@fleet.test", "language": "en",
    "reason": "words",
}  # fmt: skip


def of_page(ground: Any, route: routes.Route) -> dict[str, Any] | None:
    """Return the fields for a page's route, None when nobody said any."""
    if route.name in PAGES:
        return dict(PAGES[route.name])
    return dict(ANYTHING) if route.name in SENT_TO else None


def of_api(ground: Any, route: routes.Route, method: str) -> str:
    """Return a body for a route of the API, made from what its description says it takes."""
    described = _description(ground)
    for path, operations in described["paths"].items():
        if _alike(path, route.pattern) and method in operations:
            content = operations[method].get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            return json.dumps(_sample(schema, described, "", 0))
    return "{}"


_descriptions: dict[int, Any] = {}


def _description(ground: Any) -> Any:
    if ground.here not in _descriptions:
        answer = ground.fleet.client("program", ground.here).get("/api/v1/openapi.json")
        _descriptions[ground.here] = json.loads(answer.content)
    return _descriptions[ground.here]


@cache
def _alike(path: str, pattern: str) -> bool:
    import re

    return re.sub(r"\{\w+\}", "{}", path).strip("/") == re.sub(r"<[^>]+>", "{}", pattern).strip("/")


def _sample(schema: Any, described: Any, name: str, depth: int) -> Any:
    if "$ref" in schema:
        return _sample(
            described["components"]["schemas"][schema["$ref"].rpartition("/")[2]], described, name, depth + 1
        )
    for key in ("allOf", "oneOf", "anyOf"):
        if key in schema:
            return _sample(schema[key][0], described, name, depth + 1)
    for key in ("example", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type")
    kind = next((each for each in kind if each != "null"), "string") if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        return (
            {k: _sample(v, described, k, depth + 1) for k, v in schema.get("properties", {}).items()}
            if depth < 9
            else {}
        )
    if kind == "array":
        return [_sample(schema.get("items", {}), described, name, depth + 1)]
    return _plain(kind, schema, name)


def _plain(kind: str | None, schema: Any, name: str) -> Any:
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return False
    dated = {"date": "2026-11-01", "date-time": "2026-11-01T00:00:00Z", "uuid": "00000000-0000-0000-0000-000000000011"}
    if schema.get("format") in dated:
        return dated[schema["format"]]
    if schema.get("format") == "decimal" or name in ("amount", "price", "value"):
        return "1.00"
    return BY_NAME.get(name, f"P{canaries.word(0)}" if name.endswith("_by") else "1")
