// Buttons that copy: data-copy names the field or block, [data-copied] beside it says that it worked.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const text = "value" in source ? source.value : source.textContent;
  const note = button.closest("section, div.copyline").querySelector("[data-copied]");
  try {
    await navigator.clipboard.writeText(text);
    note.textContent = "Copied.";
  } catch {
    const selection = window.getSelection();
    selection.selectAllChildren(source);
    if (source.select) source.select();
    note.textContent = "Selected: press Ctrl+C to copy.";
  }
});
