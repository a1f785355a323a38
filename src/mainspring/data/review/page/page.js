// The page of a review: an example beside its source, decided with a key.
//
// What it keeps true: text of documents and models is only ever set as text; something is called saved when the server
// has it on the disk; a key decides on nothing but the example that is fully shown.

const SAYS = {
  accepted: "accepted", refused: "refused", undecided: "undecided", keep: "kept", drop: "dropped", edit: "edited",
  factual: "factual", how_to: "how-to", why: "why", comparison: "comparison", multi_hop: "multi-hop",
  unanswerable: "unanswerable",
};
const SIGNS = { keep: "✓", drop: "✕", edit: "✎", accepted: "", refused: "–" };
const FACETS = ["checks", "decision", "kind", "objection", "document"];
const MORE_CHARS = 2000;

const at = (id) => document.getElementById(id);
const filters = at("filters");

let judge = null; // how the judge did on examples whose worth was known
let listed = { rows: [], n_before: 0, n_matching: 0 };
let selected = ""; // id of the example that is wanted
let shown = null; // the example that is on the page, whole
let isBusy = false; // a decision is on its way
let nAsked = 0; // requests for examples, so that a late answer is recognised
const undoable = []; // decisions of this page: {id, before}
const drafts = new Map(); // id to words that were written and not saved

// --- asking the server ---

async function ask(path, body) {
  const options = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let response;
  try {
    response = await fetch(`api/${path}`, options);
  } catch {
    throw new Error("The server does not answer. What was shown as saved is saved; start `mainspring data show` again.");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function attempt(work) {
  return async (...given) => {
    try {
      const result = await work(...given);
      at("trouble").hidden = true;
      return result;
    } catch (error) {
      at("trouble").textContent = error.message;
      at("trouble").hidden = false;
    }
  };
}

let saying;
function say(words) {
  clearTimeout(saying);
  at("said").textContent = words;
  saying = setTimeout(() => at("said").replaceChildren(), 4000);
}

// --- making elements ---

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== "" && child != null));
  return element;
}

const words = (name) => SAYS[name] ?? name;
const short = (digest) => (digest.length > 20 ? `${digest.slice(0, 14)}…` : digest);

// --- how far the looking is, and what there is to filter ---

async function drawStanding() {
  const standing = await ask("standing");
  judge = standing.judge;
  document.title = at("name").textContent = standing.name;
  at("looked").textContent = `${standing.n_looked_at} of ${standing.n_examples} looked at`;
  at("progress").max = standing.n_examples;
  at("progress").value = standing.n_looked_at;
  at("write").disabled = !standing.is_stale;
  at("write").classList.toggle("main", standing.is_stale);
  for (const facet of FACETS) {
    const named = facet === "document" ? (id) => standing.documents[id] : words;
    const counted = Object.entries(standing.counts[facet]).filter(([, n]) => n > 0);
    const options = counted.map(([value, n]) => [named(value), value, n]);
    options.sort(([one], [other]) => one.localeCompare(other));
    fill(filters.elements[facet], [["all", "", standing.n_examples], ...options]);
  }
}

function fill(select, options) {
  const chosen = select.value;
  const held = options.some(([, value]) => value === chosen) || !chosen ? [] : [[words(chosen), chosen, 0]];
  select.replaceChildren(...[...options, ...held].map(([name, value, n]) => new Option(`${name} (${n})`, value)));
  select.value = chosen;
}

// --- the list ---

function query() {
  return new URLSearchParams([...new FormData(filters)].filter(([, value]) => value));
}

async function list(from = {}) {
  const asked = query();
  for (const [name, value] of Object.entries(from)) asked.set(name, value);
  const turn = ++nAsked;
  const found = await ask(`examples?${asked}`);
  if (turn !== nAsked) return false;
  listed = found;
  at("clear").hidden = query().size === 0;
  at("rows").replaceChildren(...listed.rows.map(drawRow));
  const n = listed.rows.length, first = listed.n_before + 1;
  at("range").textContent = n ? `${first}–${first + n - 1} of ${listed.n_matching}` : "none";
  at("earlier").disabled = listed.n_before === 0;
  at("later").disabled = listed.n_before + n >= listed.n_matching;
  markSelected();
  return true;
}

function drawRow(row) {
  const button = make("button", { type: "button", tabindex: "-1", "data-id": row.id });
  fillRow(button, row);
  return make("li", {}, button);
}

function fillRow(button, row) {
  const checked = row.is_accepted ? "accepted" : "refused";
  const state = row.decision === "undecided" ? checked : row.decision;
  const sign = make("span", { class: `sign ${state}`, role: "img", "aria-label": words(state) }, SIGNS[state]);
  button.replaceChildren(sign, make("span", { class: `question ${checked}` }, row.question));
}

function markSelected() {
  for (const button of at("rows").querySelectorAll("button")) {
    const isSelected = button.dataset.id === selected;
    button.setAttribute("aria-current", isSelected);
    button.tabIndex = isSelected ? 0 : -1;
    if (isSelected) button.scrollIntoView({ block: "nearest" });
  }
}

async function listAnew(from) {
  if (!(await list(from))) return;
  const first = listed.rows[0];
  if (first) return select(first.id);
  selected = "";
  shown = null;
  for (const id of ["example", "source"]) at(id).hidden = true;
  at("nothing").hidden = false;
}

async function move(step) {
  const place = listed.rows.findIndex((row) => row.id === selected) + step;
  if (listed.rows[place]) return stepTo(listed.rows[place].id);
  const isThere = step > 0 ? !at("later").disabled : !at("earlier").disabled;
  if (!isThere || !listed.rows.length) return say(step > 0 ? "That is the last one." : "That is the first one.");
  if (await turn(step)) return stepTo(listed.rows.at(step > 0 ? 0 : -1).id);
}

// The focus goes along, so that a screen reader reads what is come to.
async function stepTo(id) {
  const isInList = at("rows").contains(document.activeElement) || document.activeElement === null;
  await select(id);
  const row = at("rows").querySelector("[aria-current=true]");
  (isInList && row ? row : at("example")).focus({ preventScroll: true });
}

function turn(step) {
  return list(step > 0 ? { after: listed.rows.at(-1).id } : { before: listed.rows[0].id });
}

// --- the example ---

async function select(id) {
  leaveEditor();
  selected = id;
  shown = null;
  markSelected();
  const turn = ++nAsked;
  const found = await ask(`examples/${id}`);
  if (turn !== nAsked) return;
  shown = found;
  draw(found);
  const state = query();
  state.set("first", id);
  history.replaceState(null, "", `#${state}`);
}

function draw(example) {
  const { candidate, decision } = example;
  const { question, answer, kind, concept } = candidate.example;
  const isEdited = decision?.action === "edit";
  at("nothing").hidden = true;
  at("example").hidden = at("source").hidden = false;
  at("kind").textContent = [words(kind), concept].filter(Boolean).join(" · ");
  const isAccepted = candidate.objections.length === 0;
  badge(at("checked"), isAccepted ? "keep" : "drop", isAccepted ? "accepted by the checks" : "refused by the checks");
  badge(at("decided"), decision?.action, decision && `you ${words(decision.action)} it`);
  at("question").textContent = isEdited ? (decision.question ?? question) : question;
  at("answer").textContent = isEdited ? (decision.answer ?? answer) : answer;
  at("words").className = decision?.action === "drop" ? "drop" : "";
  at("original").hidden = !isEdited;
  at("question-before").textContent = question;
  at("answer-before").textContent = answer;
  drawNotes(example);
  drawOrigin(example);
  drawSource(example);
  at("example").scrollTop = 0;
}

function badge(element, kind, text) {
  element.hidden = !text;
  element.className = `badge ${kind ?? ""}`;
  element.textContent = text ?? "";
}

function drawNotes({ candidate: { objections, verdict }, misquoted }) {
  const notes = objections.map(({ check, says }) => [check, says]);
  for (const { quote } of misquoted) notes.push(["source", `does not say “${quote}” at the place that is cited`]);
  if (verdict) notes.push(["judge", `${verdict.is_good ? "good" : "not good"}${verdict.why ? `: ${verdict.why}` : ""}${trust()}`]);
  at("notes").replaceChildren(...notes.map(([check, says]) => make("li", {}, make("span", { class: "check" }, check), make("span", {}, says))));
}

// How far the judge's word can be trusted, where that was measured.
function trust() {
  const rate = judge?.false_accept_rate;
  return rate == null ? "" : ` (this judge let ${Math.round(rate * 100)} % of known bad answers pass)`;
}

function drawOrigin({ candidate, document: source, id, decision }) {
  const { prompts, models, run } = candidate.provenance;
  const pages = [...new Set(candidate.example.spans.map((span) => span.page).filter(Boolean))];
  const facts = {
    document: source && [source.name, source.title].filter(Boolean).join("\n"),
    page: pages.join(", "),
    licence: source?.licence,
    source: source?.source,
    prompts: Object.entries(prompts).map(([agent, version]) => `${agent} ${short(version)}`).join("\n"),
    models: Object.entries(models).map(([agent, model]) => `${agent} ${model}`).join("\n"),
    judge: candidate.verdict?.model,
    run,
    id,
    decided: decision && new Date(decision.at).toLocaleString(),
  };
  const held = Object.entries(facts).filter(([, fact]) => fact);
  at("origin").querySelector("dl").replaceChildren(...held.flatMap(([name, fact]) => [make("dt", {}, name), make("dd", {}, fact)]));
}

// --- its source ---

function drawSource({ candidate, excerpts, names }) {
  const pane = at("source");
  pane.classList.toggle("looked", candidate.example.kind === "unanswerable");
  const parts = excerpts.map((excerpt) => drawExcerpt(excerpt, names[excerpt.document]));
  if (candidate.messages.length) parts.push(drawConversation(candidate.messages));
  if (!parts.length) parts.push(...drawQuotes(candidate.example.spans));
  pane.replaceChildren(...parts);
  const cited = pane.querySelector("mark");
  pane.scrollTop = cited ? cited.offsetTop - pane.offsetTop - pane.clientHeight / 3 : 0;
}

function drawExcerpt(excerpt, name) {
  const text = make("div", { class: "text" });
  text.append(...excerpt.pieces.map((piece) => (piece.is_cited ? make("mark", {}, piece.text) : piece.text)));
  const title = make("h3", {}, excerpt.page ? `${name}, page ${excerpt.page}` : name);
  const before = moreButton("More before", excerpt, text, -1);
  const after = moreButton("More after", excerpt, text, 1);
  return make("figure", {}, title, before, text, after);
}

function moreButton(says, excerpt, text, step) {
  const button = make("button", { type: "button", class: "more" }, says);
  const isEnd = () => (step < 0 ? excerpt.start <= excerpt.floor : excerpt.end >= excerpt.ceiling);
  button.hidden = isEnd();
  button.addEventListener("click", attempt(async () => {
    const { start, end, floor, ceiling } = excerpt;
    const [from, to] = step < 0 ? [Math.max(floor, start - MORE_CHARS), start] : [end, Math.min(ceiling, end + MORE_CHARS)];
    const more = await ask(`texts/${excerpt.document}?start=${from}&end=${to}`);
    if (step < 0) {
      const pane = at("source"), below = pane.scrollHeight - pane.scrollTop;
      text.prepend(more);
      excerpt.start = from;
      pane.scrollTop = pane.scrollHeight - below;
    } else {
      text.append(more);
      excerpt.end = to;
    }
    button.hidden = isEnd();
  }));
  return button;
}

function drawQuotes(spans) {
  const note = make("h3", {}, "The source text is not in this folder.");
  return [note, ...spans.map((span) => make("div", { class: "text" }, make("mark", {}, span.quote)))];
}

function drawConversation(messages) {
  const turns = messages.map(({ role, content, ...rest }) => {
    const said = typeof content === "string" ? content : content == null ? "" : JSON.stringify(content, null, 2);
    const more = Object.keys(rest).length ? JSON.stringify(rest, null, 2) : "";
    return make("li", {}, make("div", { class: "who" }, role ?? ""), said && make("div", { class: "text" }, said), more && make("pre", {}, more));
  });
  return make("figure", {}, make("h3", {}, "The whole conversation"), make("ol", { class: "turns" }, ...turns));
}

// --- deciding ---

async function decide(action, given = {}) {
  if (!shown || isBusy) return false;
  isBusy = true;
  const { id, decision: before } = shown;
  try {
    await ask(`examples/${id}/decision`, { action, ...given });
    undoable.push({ id, before });
    drafts.delete(id);
    await decided(id, action, given.question);
  } finally {
    isBusy = false;
  }
  say(`${words(action)} · saved`);
  return true;
}

async function decided(id, action, question) {
  const row = listed.rows.find((one) => one.id === id);
  if (row) {
    row.decision = action;
    row.question = question ?? row.question;
    fillRow(at("rows").querySelector(`[data-id="${id}"]`), row);
  }
  document.querySelector("[data-action=undo]").disabled = undoable.length === 0;
  await drawStanding();
}

async function decideAndGoOn(action, given) {
  const id = selected;
  if ((await decide(action, given)) && selected === id) await move(1);
}

// Keeping what is edited keeps the edit.
function keep() {
  const { action, question, answer } = shown?.decision ?? {};
  return action === "edit" ? decideAndGoOn("edit", { question, answer }) : decideAndGoOn("keep");
}

async function undo() {
  if (isBusy || !undoable.length) return;
  isBusy = true;
  const { id, before } = undoable.at(-1);
  const { action, question, answer } = before ?? { action: "undecided" };
  try {
    await ask(`examples/${id}/decision`, action === "edit" ? { action, question, answer } : { action });
    undoable.pop();
    await decided(id, action, question);
  } finally {
    isBusy = false;
  }
  await select(id);
  say(`${words(action)} again · saved`);
}

// --- editing ---

const isEditing = () => !at("editor").hidden;
const written = () => ({ question: at("new-question").value, answer: at("new-answer").value });
const present = () => ({ question: at("question").textContent, answer: at("answer").textContent });
const isSame = (one, other) => one.question === other.question && one.answer === other.answer;
let acknowledged = null; // words whose objections have been shown

function openEditor() {
  if (!shown || isEditing()) return;
  toggleEditor(true);
  write(drafts.get(shown.id) ?? present());
  at("new-answer").focus();
}

function write({ question, answer }) {
  at("new-question").value = question;
  at("new-answer").value = answer;
  complain([]);
}

function toggleEditor(isOpen) {
  at("editor").hidden = !isOpen;
  at("words").hidden = at("decide").hidden = isOpen;
}

function leaveEditor() {
  if (!isEditing()) return;
  if (shown) drafts.set(shown.id, written());
  toggleEditor(false);
  at("example").focus({ preventScroll: true });
}

function complain(objections) {
  at("complaints").hidden = objections.length === 0;
  at("complaints").querySelector("ul").replaceChildren(...objections.map(({ check, says }) => make("li", {}, make("span", { class: "check" }, check), ` ${says}`)));
  at("save").firstChild.textContent = objections.length ? "Save anyway " : "Save ";
  acknowledged = objections.length ? written() : null;
}

async function save() {
  const edited = written(), { id, candidate: { example } } = shown;
  if (isSame(edited, present())) return leaveEditor();
  if (isSame(edited, example)) return (await decide("keep")) && select(id);
  if (!acknowledged || !isSame(acknowledged, edited)) {
    const objections = await ask(`examples/${id}/check`, { action: "edit", ...edited });
    complain(objections);
    if (objections.length) return;
  }
  if (await decide("edit", edited)) {
    toggleEditor(false);
    await select(id);
    at("example").focus({ preventScroll: true });
  }
}

// --- keys and buttons ---

const ACTIONS = {
  next: () => move(1), previous: () => move(-1), keep, drop: () => decideAndGoOn("drop"),
  edit: openEditor, undo, search,
  help: () => at("keys").showModal(),
};
const KEYS = {
  j: "next", ArrowDown: "next", k: "previous", ArrowUp: "previous", y: "keep", n: "drop", e: "edit", u: "undo",
  "/": "search", "?": "help",
};

function search() {
  filters.elements.search.focus();
  filters.elements.search.select();
}

function pressed(event) {
  if (event.isComposing || at("keys").open) return;
  const { key, target } = event;
  if (isEditing() && key === "Enter" && (event.ctrlKey || event.metaKey)) return act(event, save);
  if (isEditing() && key === "Escape") return act(event, leaveEditor);
  if (target.closest("input, textarea, select")) return key === "Escape" && target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || isEditing()) return;
  const name = KEYS[key.length === 1 ? key.toLowerCase() : key];
  const isScrolling = key.startsWith("Arrow") && target.closest("#source");
  const isHeld = event.repeat && !["next", "previous"].includes(name);
  if (name && !isScrolling && !isHeld) act(event, ACTIONS[name]);
}

function act(event, work) {
  event.preventDefault();
  return attempt(work)();
}

let searching;
function listSoon() {
  clearTimeout(searching);
  searching = setTimeout(attempt(() => listAnew()), 200);
}

async function writeDataset() {
  at("write").disabled = true;
  say("writing …");
  try {
    const { n_rows: nRows } = await ask("dataset", {});
    say(`written: ${Object.entries(nRows).map(([split, n]) => `${n} in ${split}`).join(", ")}`);
  } finally {
    await drawStanding();
  }
}

async function begin() {
  const state = new URLSearchParams(location.hash.slice(1));
  await drawStanding();
  for (const [name, value] of state) if (filters.elements[name]) filters.elements[name].value = value;
  await listAnew(state.has("first") ? { first: state.get("first") } : {});
}

document.addEventListener("keydown", pressed);
document.addEventListener("click", (event) => {
  const { action, id } = event.target.closest("button")?.dataset ?? {};
  if (action) act(event, ACTIONS[action]);
  else if (id) act(event, () => select(id));
});
filters.addEventListener("change", (event) => event.target.name !== "search" && attempt(listAnew)());
filters.elements.search.addEventListener("input", listSoon);
filters.addEventListener("submit", (event) => act(event, listAnew));
at("clear").addEventListener("click", () => (filters.reset(), attempt(listAnew)()));
at("earlier").addEventListener("click", attempt(() => turn(-1)));
at("later").addEventListener("click", attempt(() => turn(1)));
at("write").addEventListener("click", attempt(writeDataset));
at("help").addEventListener("click", ACTIONS.help);
at("editor").addEventListener("submit", (event) => act(event, save));
at("leave").addEventListener("click", attempt(leaveEditor));
at("restore").addEventListener("click", () => write(shown.candidate.example));
addEventListener("beforeunload", (event) => isEditing() && !isSame(written(), present()) && event.preventDefault());

attempt(begin)();
