// The playground's browser side. It plays the CDS client: the service's own pages make the request and render the
// answer, and the hook itself is called from here, as an EHR would. Nothing is kept, and nothing leaves this host.
"use strict";

const $ = (id) => document.getElementById(id);
const page = $("playground");
const orderHooks = page.dataset.orderHooks.split(" ");
const FILE_KIND = "platelet-hooks-playground";
const LINE_HEIGHT = 20;
const PADDING = 8;
let checking = 0;
let checked = Promise.resolve();

async function ask(path, message) {
  const answer = await fetch(`/playground/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(message),
  });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer;
}

// ---------------------------------------------------------------------------------------------- the text

function drawGutter() {
  const lines = $("text").value.split("\n").length;
  if (page.lines !== lines) {
    page.lines = lines;
    $("gutter").textContent = Array.from({ length: lines }, (_, number) => number + 1).join("\n");
  }
  $("gutter").scrollTop = $("text").scrollTop;
  const line = Number($("mark").dataset.line);
  if (line) $("mark").style.top = `${PADDING + (line - 1) * LINE_HEIGHT - $("text").scrollTop}px`;
}

function markLine(line) {
  $("mark").hidden = !line;
  $("mark").dataset.line = line || "";
  drawGutter();
}

function goTo(line, column = 1) {
  const text = $("text");
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  text.focus();
  text.setSelectionRange(start, start);
  text.scrollTop = Math.max(0, (line - 6) * LINE_HEIGHT);
  markLine(line);
}

function showProblems(found) {
  const list = $("problems");
  list.replaceChildren();
  for (const [kind, problems] of [["Fault", found.faults], ["Note", found.remarks]]) {
    for (const problem of problems) {
      const item = document.createElement("li");
      const words = problem.line ? `Line ${problem.line}: ${problem.text}` : problem.text;
      if (problem.line) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = words;
        button.addEventListener("click", () => goTo(problem.line, problem.column));
        item.append(`${kind}. `, button);
      } else {
        item.append(`${kind}. ${words}`);
      }
      list.append(item);
    }
  }
  const first = found.faults.find((problem) => problem.line);
  markLine(first && first.line);
}

function showDrafts(drafts) {
  const kept = new Set(selectedDrafts());
  $("drafts").replaceChildren(
    ...drafts.map((draft) => {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.value = draft.reference;
      box.checked = kept.size === 0 || kept.has(draft.reference);
      label.append(box, draft.label);
      return label;
    }),
  );
  if (!drafts.length) $("drafts").textContent = "The text holds no draft order.";
}

function showPatients(patients) {
  const chosen = $("patient").value;
  $("patients").hidden = patients.length < 2;
  $("patient").replaceChildren(...patients.map((id) => new Option(id, id, false, id === chosen)));
}

async function check() {
  const turn = ++checking;
  const found = await (await ask("check", { text: $("text").value })).json();
  if (turn !== checking) return;
  $("holds").textContent = found.holds;
  showProblems(found);
  showDrafts(found.drafts);
  showPatients(found.patients);
  const isRequest = found.hook !== null;
  $("options").disabled = isRequest;
  if (isRequest && [...$("hook").options].some((one) => one.value === found.hook)) $("hook").value = found.hook;
  showOrders();
}

function checkNow() {
  checked = check().catch((error) => {
    $("holds").textContent = `The text could not be checked (${error.message}).`;
  });
  return checked;
}

let waiting;
function textChanged() {
  drawGutter();
  clearTimeout(waiting);
  waiting = setTimeout(checkNow, 350);
}

function setText(text) {
  $("text").value = text;
  $("text").scrollTop = 0;
  $("drafts").replaceChildren();
  drawGutter();
  return checkNow();
}

function showOrders() {
  $("orders").hidden = !orderHooks.includes($("hook").value) || $("options").disabled;
}

const selectedDrafts = () => [...$("drafts").querySelectorAll("input:checked")].map((box) => box.value);

// ------------------------------------------------------------------------------------- patients and files

async function choose(key) {
  $("example").value = key;
  if (!key) return;
  const answer = await fetch(`/playground/made-up/${key.split("/").map(encodeURIComponent).join("/")}`);
  if (!answer.ok) {
    $("about").textContent = "There is no made-up patient of that name.";
    return;
  }
  const chosen = await answer.json();
  $("about").textContent = chosen.about;
  $("hook").value = chosen.hook;
  $("user").value = chosen.user;
  $("order").value = "";
  await setText(chosen.text);
}

const state = () => ({
  kind: FILE_KIND,
  version: 1,
  text: $("text").value,
  hook: $("hook").value,
  dialect: $("dialect").value,
  user: $("user").value,
  patient: $("patient").value,
  order: $("order").value,
  selected: selectedDrafts(),
});

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(state(), null, 1)], { type: "application/json" }));
  link.download = "playground.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function open(file) {
  if (!file) return;
  const text = await file.text();
  $("example").value = "";
  $("about").textContent = file.name;
  let saved = null;
  try {
    saved = JSON.parse(text);
  } catch {
    /* a text of another kind: the check says what is wrong with it */
  }
  if (saved === null || saved.kind !== FILE_KIND) {
    await setText(text);
    return;
  }
  for (const name of ["hook", "dialect", "user", "order"]) $(name).value = saved[name];
  await setText(saved.text);
  $("patient").value = saved.patient;
  for (const box of $("drafts").querySelectorAll("input")) box.checked = saved.selected.includes(box.value);
}

// ------------------------------------------------------------------------------------- call and feedback

async function send() {
  $("fault").textContent = "";
  $("send").disabled = true;
  try {
    await checked;
    const made = await (await ask("request", state())).json();
    if (made.fault) {
      $("fault").textContent = made.fault;
      return;
    }
    const began = performance.now();
    const answer = await fetch(`/cds-services/${made.service}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: made.body,
    });
    const body = await answer.text();
    const shown = await ask("answer", {
      status: answer.status,
      body,
      service: made.service,
      text: $("text").value,
      request: made.body,
      milliseconds: performance.now() - began,
      serverTiming: answer.headers.get("Server-Timing") || "",
    });
    $("answer").innerHTML = await shown.text();
    $("curl").textContent = made.curl;
    $("answer-title").focus();
  } catch (error) {
    $("fault").textContent = `The service did not answer (${error.message}).`;
  } finally {
    $("send").disabled = false;
  }
}

async function giveFeedback(card, outcome, done) {
  const told = card.querySelector("[data-told]");
  const entry = { card: card.dataset.card, outcomeTimestamp: new Date().toISOString(), ...outcome };
  try {
    const answer = await fetch(`/cds-services/${card.dataset.service}/feedback`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ feedback: [entry] }),
    });
    told.className = `told ${answer.ok ? "good" : "bad"}`;
    told.textContent = answer.ok ? done : `Feedback was refused (HTTP ${answer.status}).`;
  } catch (error) {
    told.className = "told bad";
    told.textContent = `Feedback did not arrive (${error.message}).`;
  }
}

$("answer").addEventListener("click", (event) => {
  const accepted = event.target.closest("[data-suggestion]");
  const line = event.target.closest("[data-line]");
  if (line) goTo(Number(line.dataset.line));
  if (!accepted) return;
  const suggestions = [{ id: accepted.dataset.suggestion }];
  giveFeedback(
    accepted.closest(".card"),
    { outcome: "accepted", acceptedSuggestions: suggestions },
    `Accepted: “${accepted.textContent.trim()}”. The service was told.`,
  );
});

$("answer").addEventListener("submit", (event) => {
  if (!event.target.matches("[data-override]")) return;
  event.preventDefault();
  const chosen = event.target.querySelector("select").selectedOptions[0];
  const reason = chosen.value ? { reason: { code: chosen.value, system: chosen.dataset.system } } : null;
  giveFeedback(
    event.target.closest(".card"),
    { outcome: "overridden", ...(reason && { overrideReason: reason }) },
    `Dismissed${reason ? `: ${chosen.textContent}` : ""}. The service was told.`,
  );
});

// ------------------------------------------------------------------------------------------------- wiring

$("text").addEventListener("input", () => {
  $("example").value = "";
  textChanged();
});
$("text").addEventListener("scroll", drawGutter);
$("example").addEventListener("change", () => choose($("example").value));
$("hook").addEventListener("change", showOrders);
$("file").addEventListener("change", () => open($("file").files[0]));
$("save").addEventListener("click", save);
$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  $("editor").addEventListener(kind, (event) => {
    event.preventDefault();
    $("editor").classList.toggle("over", kind === "dragover");
    if (kind === "drop") open(event.dataTransfer.files[0]);
  });
}
page.ready = choose(page.dataset.first);
