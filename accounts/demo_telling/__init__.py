"""How the demonstration's people live: called by the steps of its service (`services/demo.py`), which open the moment and the write."""
