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
  onComplete: () => {
    // It takes itself for the whole page: here it is a part of one, and its list of servers needs a name.
    for (const main of place.querySelectorAll('[role="main"], main')) {
      main.setAttribute("role", "region");
      main.setAttribute("aria-label", "Operations");
    }
    for (const list of place.querySelectorAll("#servers")) list.setAttribute("aria-label", "Server");
    for (const title of place.querySelectorAll(".opblock-tag, .models h4")) title.setAttribute("aria-level", "2");
  },
});
