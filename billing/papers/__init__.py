"""Documents on paper: drawn as PDF, and with the electronic invoice inside."""
