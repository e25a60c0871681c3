"""What is kept about people: what is sold."""
