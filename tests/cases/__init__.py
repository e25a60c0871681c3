"""Cases to inherit: from a few values they test what everything of a kind must do, so that a new page is covered by existing."""
