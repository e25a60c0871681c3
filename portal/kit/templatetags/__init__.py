"""Template tags of the shared design layer."""
