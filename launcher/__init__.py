"""Starts the panel and all it stands on, on one machine, without root or docker: `make run`, and the servers of the tests.

It knows neither Django nor the apps: it starts programs, watches them and stops them.
"""
