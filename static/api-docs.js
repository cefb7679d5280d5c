// The page of the API's description: Swagger UI, over what /api/schema tells. Keys and tokens are forgotten with the page.
"use strict";

// Swagger UI knows the dark by a class of its own.
const html = document.documentElement;
const paint = () => html.classList.toggle("dark-mode", html.dataset.bsTheme === "dark");
document.addEventListener("theme", paint);
paint();

SwaggerUIBundle({
  url: "/api/schema",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  presets: [SwaggerUIBundle.presets.apis],
});
