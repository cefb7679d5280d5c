"""The sections of the staff's page about the main site, one a file. sync_call.py beside it puts the page together."""
