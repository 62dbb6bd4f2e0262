// Swagger UI, from its installed package, with this service's own description and nothing from elsewhere.
"use strict";

const place = document.getElementById("description");
window.SwaggerUIBundle({
  url: place.dataset.description,
  domNode: place,
  deepLinking: false,
  validatorUrl: null,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
});
