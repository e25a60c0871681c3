"""Upkeep: job runs, schedules, cleanups; later backup and restore."""
