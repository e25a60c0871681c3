"""Mail that leaves: how it is written (`letters`), kept (`services`), sent (`sending`, `delivery`) and reported on (`reports`)."""
