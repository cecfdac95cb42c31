"use strict";

const $ = (id) => document.getElementById(id);
const PAUSE = 150; // milliseconds after the last key before a search
const RUNGS = {
  known_user: ["What comes next", "By what you have played."],
  fold_in: ["What comes next", "By what you play."],
  similar: ["Songs like yours", "The model has no list for these songs: here is what is most like them."],
  popular: ["What most people play", ""],
  "": ["Nothing is left", "No song is left that could be in the list."],
};

let heard = restored();
let key = "";
const waiting = {}; // what -> AbortController of the request under way

function restored() {
  try {
    return JSON.parse(sessionStorage.getItem("history")) || [];
  } catch {
    return [];
  }
}

function named(song) {
  return song.title || song.id;
}

function spoken(song) {
  return song.artist ? `${named(song)} by ${song.artist}` : named(song);
}

/* An element with text, never markup: titles are a log's own. */
function element(name, options = {}, ...children) {
  const made = document.createElement(name);
  const { text, ...attributes } = options;
  if (text !== undefined) made.textContent = text;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/* The newest question of its kind is answered: an older one is given up. Null where it was. */
async function ask(what, path, body) {
  waiting[what]?.abort();
  const control = (waiting[what] = new AbortController());
  const headers = key ? { "X-API-Key": key } : {};
  if (body) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(path, {
      method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal: control.signal,
    });
    if (answer.status === 401) {
      $("locked").hidden = false;
      $("key").focus();
      throw new Error("This service asks for a key.");
    }
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.detail || `The service answered with an error (${answer.status}).`);
    $("wrong").textContent = "";
    return told;
  } catch (error) {
    if (error.name === "AbortError") return null;
    $("wrong").textContent = error instanceof TypeError ? "The service cannot be reached. Is it running?" : error.message;
    return null;
  } finally {
    if (waiting[what] === control) delete waiting[what];
  }
}

function song(of, ...buttons) {
  const text = element("div", {}, element("span", { class: "title", text: named(of) }));
  if (of.artist) text.append(element("span", { class: "artist", text: of.artist }));
  const row = element("li", { "data-id": of.id }, text);
  if (buttons.length) row.append(element("div", { class: "buttons" }, ...buttons));
  return row;
}

function button(text, label, act, kind = "") {
  const made = element("button", { type: "button", text, "aria-label": label, class: kind });
  made.addEventListener("click", act);
  return made;
}

/* What led to a song, each with its part of the score. */
function reasons(item) {
  const parts = item.why.filter((one) => one.share > 0);
  if (!parts.length) return null;
  const line = element("p", { class: "why", text: "because of " });
  for (const one of parts) {
    const percent = Math.round(100 * Math.min(one.share, 1));
    const meter = element("meter", { min: 0, max: 1, value: Math.min(one.share, 1), "aria-hidden": "true" });
    line.append(element("span", { class: "part" }, `${spoken(one)} (${percent} %) `, meter));
  }
  return line;
}

function showHistory() {
  try {
    sessionStorage.setItem("history", JSON.stringify(heard));
  } catch {
    // a browser that keeps nothing: the list lasts as long as the page
  }
  $("history").replaceChildren(
    ...heard.map((one) => song(one, button("Remove", `Remove ${spoken(one)}`, () => remove(one)))),
  );
  $("nothing").hidden = heard.length > 0;
  $("clear").hidden = heard.length === 0;
}

async function showList(changed) {
  $("list").setAttribute("aria-busy", "true");
  const told = await ask("list", "v1/recommendations", {
    history: heard.map((one) => ({ song: one.id })),
    n: Number($("n").value),
    per_artist: Number($("artist").value),
    diversity: Number($("diversity").value),
  });
  if (waiting.list) return; // a newer question is under way
  $("list").removeAttribute("aria-busy");
  if (!told) return;
  const [heading, said] = RUNGS[told.rung] || RUNGS.fold_in;
  $("heading").textContent = heading;
  const notes = [said];
  if (told.items.length && !told.complete) notes.push("There are no more songs.");
  if (told.items.some((item) => item.why.length)) {
    notes.push(told.why_exact ? "Per cent: a song's part of the score." : "Per cent: what the score would lose without the song.");
  }
  if (told.unknown_songs.length) notes.push(`Not known here: ${told.unknown_songs.join(", ")}.`);
  $("said").textContent = notes.filter(Boolean).join(" ");
  $("version").textContent = told.version;
  $("items").replaceChildren(
    ...told.items.map((item) => {
      const row = song(
        item,
        button("Similar", `Songs like ${spoken(item)}`, (event) => showSimilar(item, event.currentTarget)),
        button("Add", `Add ${spoken(item)}`, () => add(item), "add"),
      );
      const why = reasons(item);
      if (why) row.append(why);
      return row;
    }),
  );
  const first = told.items.length ? ` The first is ${spoken(told.items[0])}.` : "";
  $("status").textContent = `${changed}${changed ? " " : ""}${told.items.length} songs in the list.${first}`;
}

function add(one) {
  const place = [...$("items").children].findIndex((row) => row.contains(document.activeElement));
  if (!heard.some((other) => other.id === one.id)) {
    heard = [{ id: one.id, title: one.title, artist: one.artist }, ...heard];
  }
  showHistory();
  showList(`Added ${spoken(one)}.`).then(() => {
    // The row that had the focus may be gone: the one in its place has it then.
    if (place >= 0 && document.activeElement === document.body) {
      ($("items").children[place] || $("items").lastElementChild)?.querySelector(".add").focus();
    }
  });
}

function remove(one) {
  heard = heard.filter((other) => other.id !== one.id);
  showHistory();
  ($("history").querySelector("button") || $("search")).focus();
  showList(`Removed ${spoken(one)}.`);
}

async function showSimilar(one, from) {
  const told = await ask("similar", `v1/songs/${encodeURIComponent(one.id)}/similar?n=10`);
  if (!told) return;
  $("liketitle").textContent = `Songs like ${spoken(told.song)}`;
  $("likeitems").replaceChildren(
    ...told.items.map((item) => {
      const done = (made) => {
        made.textContent = "Added";
        made.disabled = true;
      };
      const made = button("Add", `Add ${spoken(item)}`, () => {
        add(item);
        done(made);
      }, "add");
      if (heard.some((other) => other.id === item.id)) done(made);
      return song(item, made);
    }),
  );
  if (!told.items.length) $("likeitems").append(element("li", { text: "No song is known to be like it." }));
  $("like").addEventListener("close", () => (from.isConnected ? from : $("list")).focus(), { once: true });
  $("like").showModal();
}

/* The search: a combobox with a list, as ARIA's authoring practices have it. */

let found = [];
let active = -1;
let timer = 0;

function close() {
  clearTimeout(timer);
  waiting.search?.abort();
  found = [];
  active = -1;
  $("found").hidden = true;
  $("search").setAttribute("aria-expanded", "false");
  $("search").removeAttribute("aria-activedescendant");
}

function activate(place) {
  active = found.length ? (place + found.length) % found.length : -1;
  [...$("found").children].forEach((option, number) => option.setAttribute("aria-selected", String(number === active)));
  if (active < 0) return $("search").removeAttribute("aria-activedescendant");
  $("search").setAttribute("aria-activedescendant", `found-${active}`);
  $("found").children[active].scrollIntoView({ block: "nearest" });
}

function choose(place) {
  const one = found[place];
  close();
  $("search").value = "";
  $("search").focus();
  add(one);
}

async function search() {
  const typed = $("search").value.trim();
  if (!typed) return close();
  const told = await ask("search", `v1/songs?n=10&q=${encodeURIComponent(typed)}`);
  if (!told) return;
  found = told.items;
  $("found").replaceChildren(
    ...found.map((one, place) => {
      const option = element("li", { id: `found-${place}`, role: "option", "aria-selected": "false" },
        element("span", { class: "title", text: named(one) }));
      if (one.artist) option.append(element("span", { class: "artist", text: one.artist }));
      option.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
      option.addEventListener("click", () => choose(place));
      return option;
    }),
  );
  if (!found.length) $("found").append(element("li", { class: "none", text: `No song is like “${typed}”.` }));
  $("found").hidden = false;
  $("search").setAttribute("aria-expanded", "true");
  activate(found.length ? 0 : -1);
  $("status").textContent = found.length ? `${found.length} songs found.` : "No song found.";
}

$("search").addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(search, PAUSE);
});
$("search").addEventListener("keydown", (event) => {
  if (event.key === "Escape") return close();
  if (event.key === "ArrowDown" && $("found").hidden) search();
  else if (event.key === "ArrowDown") activate(active + 1);
  else if (event.key === "ArrowUp") activate(active - 1);
  else if (event.key === "Enter" && active >= 0) choose(active);
  else return;
  event.preventDefault();
});
$("search").addEventListener("blur", close);

$("clear").addEventListener("click", () => {
  heard = [];
  showHistory();
  $("search").focus();
  showList("Removed all.");
});
for (const id of ["n", "artist", "diversity"]) $(id).addEventListener("change", () => showList(""));
$("locked").addEventListener("submit", (event) => {
  event.preventDefault();
  key = $("key").value;
  $("locked").hidden = true;
  $("search").focus();
  showList("");
});

showHistory();
showList("");
