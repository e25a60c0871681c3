"""A room of its own, as docs/adding_a_page.md walks through it: the suppliers of an organisation."""
