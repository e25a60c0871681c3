"""Writing job runs, schedules and heartbeats, by noun."""
