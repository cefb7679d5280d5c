"""What endpoints say of themselves, as OpenAPI 3.1: `endpoint` is the decorator, `document` makes and serves the whole."""
