"""What the system page tells: facts about machine, servers, processes and configuration, without words.

Each is asked for by `panels.ask`, so that one that hangs or may not be seen never holds up the others.
"""
