"""Celery's settings: at-least-once delivery of run ids, whose effects are made once by the run row's fence."""

from django.conf import settings

broker_url = settings.REDIS_URL or "redis://127.0.0.1:1/0"
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
# What Redis refuses (it is full, or a replica) is no reason to end the worker, which is what Celery does otherwise.
broker_channel_error_retry = True
# A hung Redis must not hang a web request: the row is committed, the dispatcher publishes it again.
broker_transport_options = {
    "visibility_timeout": 6 * 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "unacked_restore_limit": 100,
}
broker_pool_limit = 4
task_acks_late = True
task_reject_on_worker_lost = True
task_acks_on_failure = True
task_acks_on_timeout = True
task_ignore_result = True
task_store_errors_even_if_ignored = False
task_serializer = "json"
accept_content = ["json"]
task_default_queue = "steward"
task_publish_retry = False
worker_prefetch_multiplier = 1
worker_hijack_root_logger = False
worker_redirect_stdouts = False
worker_send_task_events = False
worker_cancel_long_running_tasks_on_connection_loss = False
enable_utc = True
timezone = "UTC"
