"""/api/schema and /api/docs: the description of itself."""

from ospab_panel.openapi.door import Answer, Door

TAG = "This description"
DOORS = {
    "GET /api/schema": Door(
        id="getSchema",
        tag=TAG,
        summary="This description, as OpenAPI 3.1",
        answers={200: Answer("The document.", {"type": "object", "required": ["openapi", "info", "paths"]})},
    ),
    "GET /api/docs": Door(
        id="getDocs",
        tag=TAG,
        summary="A page to read it, and to try it",
        answers={200: Answer("The page.", {"type": "string"}, media_type="text/html")},
    ),
}
