"""The composition root: it imports the apps, and no app imports it."""

import gc

# What is loaded at the start stays: to look for garbage in it takes a third of the start. `apps.py` switches it on again.
gc.disable()
