"""What the pages of billing show, by noun."""
