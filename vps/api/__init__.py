"""The JSON doors. A file is an audience, and an audience is a way to authenticate."""
