// Swagger UI, from its installed package, with this service's own description and nothing from elsewhere. Its own
// layout takes itself for the whole page; this one is a part of ours, and gives names where it gives none.
"use strict";

const place = document.getElementById("description");

const PART_OF_A_PAGE = ({ React }) => ({
  components: {
    PartOfAPage: ({ getComponent, specSelectors }) => {
      const parts = ["InfoContainer", "SchemesContainer", "ServersContainer", "operations", "Models"];
      const children = specSelectors.loadingStatus() === "success"
        ? parts.map((name) => React.createElement(getComponent(name, true), { key: name }))
        : [React.createElement("p", { key: "wait" }, "Reading the description …")];
      const icons = React.createElement(getComponent("SvgAssets"), { key: "icons" });
      return React.createElement("div", { className: "swagger-ui" }, icons, ...children);
    },
  },
});

window.SwaggerUIBundle({
  url: place.dataset.description,
  domNode: place,
  plugins: [PART_OF_A_PAGE],
  layout: "PartOfAPage",
  deepLinking: false,
  validatorUrl: null,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  onComplete: () => {
    for (const list of place.querySelectorAll("#servers")) list.setAttribute("aria-label", "Server");
    for (const title of place.querySelectorAll(".opblock-tag, .models h4")) title.setAttribute("aria-level", "2");
  },
});
