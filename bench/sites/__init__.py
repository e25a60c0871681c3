"""The Django projects that are measured: Django bare, Django with its own session and authentication, and Steward."""
