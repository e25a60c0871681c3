"""One command that runs it all."""
