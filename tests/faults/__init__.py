"""Faults that are really made: processes killed and stopped, servers restarted, full and away, clocks moved."""
