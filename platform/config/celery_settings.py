"""Celery: Redis or Valkey as broker, a static schedule of dispatchers that fan out per retailer."""

from __future__ import annotations

import os

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", os.environ.get("REDIS_URL", "memory://"))
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES: dict[str, dict[str, str]] = {
    # prompt: somebody waits for it, and it is short
    "identity.*": {"queue": "prompt"},
    "customers.*": {"queue": "prompt"},
    "tenancy.heartbeat": {"queue": "prompt"},
    "tenants.notices.tasks.deliver_message": {"queue": "prompt"},
    "billing.payments.providers.tasks.*": {"queue": "prompt"},
    "hosting.work_off_billing_message": {"queue": "prompt"},
    # long: minutes at a time
    "metering.import_readings": {"queue": "long"},
    "protection.expire": {"queue": "long"},
    # provision: what only the owner may do
    "hosting.tasks.provision": {"queue": "provision"},
    "hosting.carry_on_sign_up": {"queue": "provision"},
    "hosting.release_sign_up": {"queue": "provision"},
    "hosting.take_down_demo": {"queue": "provision"},
    "config.seed_demo_space": {"queue": "default"},
    "metering.make_partitions": {"queue": "provision"},
    "hosting.end_company": {"queue": "provision"},
    "protection.expire_as_owner": {"queue": "provision"},
    "protection.finish_as_owner": {"queue": "provision"},
    "hosting.work_on_jobs": {"queue": "provision"},
    "hosting.prune_backups": {"queue": "provision"},
    "hosting.drop_former": {"queue": "provision"},
}
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600, "unacked_restore_throttle": 1}
CELERY_BEAT_SCHEDULER = "config.schedule.GuardedScheduler"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "tell that the schedule lives": {"task": "tenancy.heartbeat", "schedule": 30.0},
    "sweep bill runs": {"task": "billing.runs.tasks.sweep_all_runs", "schedule": 60.0},
    "sweep reading imports": {"task": "metering.sweep_all_imports", "schedule": 60.0},
    "look after gaps in readings": {"task": "metering.work_on_all_gaps", "schedule": 3600.0},
    "sum the load": {"task": "metering.sum_all_loads", "schedule": 120.0},
    "compare intervals with registers": {"task": "metering.compare_all_registers", "schedule": 120.0},
    "delete old photos": {"task": "metering.delete_all_photos", "schedule": 86400.0},
    "make partitions ahead": {"task": "metering.make_all_partitions", "schedule": 86400.0},
    "wake parked bills": {"task": "billing.runs.tasks.wake_all_parked", "schedule": 120.0},
    "start due bill runs": {"task": "billing.runs.tasks.start_all_due_runs", "schedule": 900.0},
    "look for bills to correct": {"task": "billing.corrections.tasks.look_everywhere", "schedule": 900.0},
    "sweep simulations": {"task": "billing.simulation.tasks.sweep_all_simulations", "schedule": 60.0},
    "rate what is unbilled": {"task": "billing.accruals.tasks.rate_all_unbilled", "schedule": 1800.0},
    "assess prepaid accounts": {"task": "billing.prepayment.tasks.assess_all_prepaid", "schedule": 1800.0},
    "assess prepaid accounts that paid": {"task": "billing.prepayment.tasks.assess_all_paid", "schedule": 60.0},
    "close the books": {"task": "billing.ledger.tasks.close_all_books", "schedule": 3600.0},
    "sweep invoices": {"task": "billing.invoices.tasks.sweep_all_invoices", "schedule": 300.0},
    "sweep messages": {"task": "tenants.notices.tasks.sweep_all_messages", "schedule": 60.0},
    "advance dunning": {"task": "billing.arrears.tasks.advance_all_cases", "schedule": 3600.0},
    "sweep arrears": {"task": "billing.arrears.tasks.sweep_all_arrears", "schedule": 300.0},
    "settle what credit can": {"task": "billing.payments.tasks.settle_all", "schedule": 60.0},
    "match bank lines": {"task": "billing.payments.tasks.match_all", "schedule": 300.0},
    "sweep payment providers": {"task": "billing.payments.providers.tasks.sweep_all", "schedule": 120.0},
    "seal with the newest keys": {"task": "tenancy.reseal_everywhere", "schedule": 86400.0},
    "sweep sign-in security": {"task": "identity.sweep_all", "schedule": 300.0},
    "end visits of support": {"task": "hosting.end_all_visits", "schedule": 60.0},
    "measure the fleet": {"task": "hosting.tasks.measure_fleet", "schedule": 300.0},
    "look at companies' hosts": {"task": "hosting.sweep_hosts", "schedule": 60.0},
    "sweep sign-ups": {"task": "hosting.sweep_sign_ups", "schedule": 30.0},
    "sweep jobs of the fleet": {"task": "hosting.sweep_jobs", "schedule": 30.0},
    "keep backups": {"task": "hosting.keep_backups", "schedule": 300.0},
    "prune backups": {"task": "hosting.prune_backups", "schedule": 21600.0},
    "sweep subscriptions": {"task": "hosting.sweep_subscriptions", "schedule": 300.0},
    "sweep the host's billing messages": {"task": "hosting.sweep_billing_messages", "schedule": 120.0},
    "measure usage": {"task": "hosting.measure_all_usage", "schedule": 3600.0},
    "let old records expire": {"task": "protection.expire_everywhere", "schedule": 86400.0},
    "look after requests for data": {"task": "protection.sweep_everywhere", "schedule": 300.0},
    "look after companies that end": {"task": "hosting.sweep_deletions", "schedule": 900.0},
    "report usage": {"task": "hosting.report_usage", "schedule": 3600.0},
}
