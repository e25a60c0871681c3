"""Jobs and schedules: documents."""
