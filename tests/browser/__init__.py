"""The console in a real browser: the journey, accessibility, weight."""
