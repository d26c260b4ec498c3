"""Deeds before which a person confirms who he is, by the names of their pages; one list, to be read by an auditor."""

from __future__ import annotations

DEEDS = frozenset(
    {
        "console:invite",
        "console:deactivate",
        "console:send_link",
        "console:reset_factor",
        "console:new_key",
        "console:revoke_key",
        "console:brand",
        "console:security",
        "console:unlock",
        "console:sso",
        "console:remove_sso",
        "console:allow_support",
        "console:support_rule",
        "console:approve_refund",
        "console:approve_erasure",
        "console:legal_hold",
        "console:keep_months",
        "console:company_end",
        "console:revoke_company_end",
        "console:order_refunds",
        "console:decide_write_off",
        "console:decide_waiver",
        "console:connect_provider",
        "console:provider_keys",
        "console:provider_transfer",
        "console:switch_provider",
        "hosting:new_company",
        "hosting:suspend",
        "hosting:ask_deletion",
        "hosting:revoke_deletion",
        "hosting:resume",
        "hosting:provision",
        "hosting:unlock",
        "hosting:make_backup",
        "hosting:make_takeout",
        "hosting:backup_policy",
        "hosting:drill_backup",
        "hosting:archive_link",
        "hosting:takeout_link",
        "hosting:replace_from_backup",
        "hosting:copy_from_backup",
        "hosting:upload_archive",
        "hosting:restore_upload",
        "hosting:drop_former",
        "hosting:stop_job",
        "hosting:rename_company",
        "hosting:change_ground",
        "hosting:change_code",
        "console:order_take_out",
        "hosting:refuse_sign_up",
        "console:go_live",
        "console:add_domain",
        "console:primary_domain",
        "console:remove_domain",
    }
)
"""Orders (POST) of keys, people, the sender of mail, refunds and write-offs, and all that the operator does."""

WITH_SECRETS = frozenset(
    {"console:provider_keys", "console:provider_transfer", "console:connect_provider", "console:sso"}
)
"""What was filled in is not kept while the person confirms: it holds secrets."""
