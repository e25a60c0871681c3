"""What composes the rooms: shell, home page, first steps."""
