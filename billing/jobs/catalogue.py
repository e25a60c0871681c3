"""Jobs and schedules: what is sold."""
