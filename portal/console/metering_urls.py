"""Meters and registers of a supply point, and what of them waits for a person."""

from __future__ import annotations

from django.urls import path

from portal.console import converters  # noqa: F401 (the addresses below are written with them)
from portal.console.views import channels, mapping_profiles, meters, register_work

POINT = "customers/-/supply-points/<number:identifier>/-/registers/"
CHANNELS = "customers/-/supply-points/<number:identifier>/-/channels/"
METER = f"{POINT}<key:meter_id>/"

urlpatterns = [
    path("imports/-/profiles/", mapping_profiles.profiles, name="mapping_profiles"),
    path("imports/-/profiles/<key:profile_id>/rename/", mapping_profiles.rename, name="rename_mapping_profile"),
    path("imports/-/profiles/<key:profile_id>/forget/", mapping_profiles.forget, name="forget_mapping_profile"),
    path(POINT, meters.registers, name="registers"),
    path(f"{POINT}reads/", meters.new_reads, name="new_reads"),
    path(f"{POINT}install/", meters.install, name="install_meter"),
    path(f"{POINT}suspend/", meters.suspend, name="suspend_supply"),
    path(f"{POINT}resume/", meters.resume, name="resume_supply"),
    path(f"{POINT}correct/", meters.correct, name="correct_quantity"),
    path(f"{METER}exchange/", meters.exchange, name="exchange_meter"),
    path(f"{METER}ratios/", meters.ratios, name="meter_ratios"),
    path(f"{METER}remove/", meters.remove, name="remove_meter"),
    path(f"{CHANNELS}add/", channels.add, name="add_channel"),
    path(f"{CHANNELS}<key:channel_id>/", channels.channel, name="channel"),
    path(f"{CHANNELS}<key:channel_id>/factor/", channels.change_factor, name="change_channel_factor"),
    path("readings/registers/", register_work.doubts, name="doubted_reads"),
    path("readings/registers/corrections/", register_work.corrections, name="quantity_corrections"),
    path("readings/registers/unowned/", register_work.unowned, name="unowned"),
    path("readings/registers/reads/<key:read_id>/believe/", register_work.believe, name="believe_read"),
    path("readings/registers/reads/<key:read_id>/withdraw/", register_work.withdraw, name="withdraw_read"),
    path("readings/registers/corrections/<key:correction_id>/approve/", register_work.approve, name="approve_quantity"),
    path("readings/registers/corrections/<key:correction_id>/refuse/", register_work.refuse, name="refuse_quantity"),
    path("readings/registers/corrections/<key:correction_id>/withdraw/", register_work.take_back, name="undo_quantity"),
]
