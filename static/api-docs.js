// The page of the API's description: Swagger UI, over what /api/schema tells. Keys and tokens are forgotten with the page.
"use strict";

SwaggerUIBundle({
  url: "/api/schema",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  presets: [SwaggerUIBundle.presets.apis],
});
