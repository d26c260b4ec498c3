"""Backups, restores and jobs of companies, archives from elsewhere, and what the registry says of a company."""

from __future__ import annotations

from django.urls import path

from portal.hosting_admin import backup_views, change_views, restore_views

COMPANY, BACKUP, JOB = "companies/<slug:code>/", "backups/<int:backup_id>/", "jobs/<int:job_id>/"

urlpatterns = [
    path(f"{COMPANY}history/", change_views.history, name="history"),
    path(f"{COMPANY}change/", change_views.change, name="change_company"),
    path(f"{COMPANY}change/names/", change_views.rename, name="rename_company"),
    path(f"{COMPANY}change/ground/", change_views.change_ground, name="change_ground"),
    path(f"{COMPANY}change/code/", change_views.change_code, name="change_code"),
    path(f"{COMPANY}backups/", backup_views.backups_page, name="backups"),
    path(f"{COMPANY}backups/make/", backup_views.make, name="make_backup"),
    path(f"{COMPANY}backups/takeout/", backup_views.take_out, name="make_takeout"),
    path(f"{COMPANY}backups/policy/", backup_views.policy, name="backup_policy"),
    path(f"{COMPANY}backups/former/", restore_views.drop_former, name="drop_former"),
    path(BACKUP, backup_views.backup, name="backup"),
    path(f"{BACKUP}drill/", backup_views.drill, name="drill_backup"),
    path(f"{BACKUP}link/", backup_views.archive_link, name="archive_link"),
    path(f"{BACKUP}replace/", restore_views.replace, name="replace_from_backup"),
    path(f"{BACKUP}copy/", restore_views.copy, name="copy_from_backup"),
    path(JOB, backup_views.job, name="job"),
    path(f"{JOB}stop/", backup_views.stop, name="stop_job"),
    path(f"{JOB}link/", backup_views.takeout_link, name="takeout_link"),
    path("archives/", restore_views.archives_page, name="archives"),
    path("archives/upload/", restore_views.upload, name="upload_archive"),
    path("archives/restore/", restore_views.restore, name="restore_upload"),
    path("archives/get/<str:token>/", backup_views.archive, name="archive"),
]
