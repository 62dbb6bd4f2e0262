// A narrow screen shows a part of the drawing: the newest one first. Everything else works without a script.
"use strict";

for (const area of document.querySelectorAll(".view .wide")) {
  const toNewest = () => { area.scrollLeft = area.scrollWidth; };
  new ResizeObserver(toNewest).observe(area);
}

// The address of a launch holds a code that is used up: it is of no use in the history.
if (document.querySelector("[data-launched]")) history.replaceState(null, "", "/timeline");
