"""People, organisations and sessions: who can sign in, and as whom."""
