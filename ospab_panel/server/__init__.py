"""The web server between uvicorn and Django: one thread computes, the event loop talks, and slow callers have limits.

`http_protocol` and `socket_protocol` are what uvicorn speaks on a connection, `write_limit` cuts off whoever does not read,
`refusals` are what no application sees. `wsgi_bridge` has Django's WSGI handler answer in threads, with `request_body`,
`wsgi_environ` and `memory_budget`; `static_files` answers from memory. ospab_panel.asgi puts them together.
"""
