"""Lists: use and what a plan entitles to."""
