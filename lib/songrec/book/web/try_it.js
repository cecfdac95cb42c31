/* "Try it": lists from a run's item weights, computed in the browser. The study `try_it` writes the file that is loaded. */
"use strict";

(() => {
  const place = document.getElementById("try-it");
  if (!place) return;
  const LENGTH = 10; // songs in a list
  const OFFERED = 8; // titles offered for what was typed
  const OF_ARTIST = 5; // an artist that is picked means so many of the songs, the most heard ones
  const item = place.dataset.item;
  const items = `${item}s`;
  let model = null;
  let loading = null;
  let picks = []; // {name, songs}: what was picked, and the places of the songs that it means
  let offers = [];
  let active = -1;

  /* An element with text, never markup: titles are a log's own. */
  function element(name, options = {}, ...children) {
    const made = document.createElement(name);
    const { text, ...attributes } = options;
    if (text !== undefined) made.textContent = text;
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    made.append(...children);
    return made;
  }

  function button(text, label, act) {
    const made = element("button", { type: "button", text, "aria-label": label });
    made.addEventListener("click", act);
    return made;
  }

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const artistOf = (song) => model.artists[model.artist[song]] || "";
  const spoken = (song) => model.titles[song] + (artistOf(song) ? ` by ${artistOf(song)}` : "");

  function numbers(text, type) {
    return new type(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  }

  /* The file is a script, which a page opened from a disk may load as well; it calls this with what it holds. */
  window.songbookTryIt = (file) => {
    model = {
      ...file,
      ends: numbers(file.ends, Uint32Array),
      columns: numbers(file.columns, file.titles.length <= 65536 ? Uint16Array : Uint32Array),
      values: numbers(file.values, Int8Array),
      plainTitles: file.titles.map(plain),
      plainArtists: file.artists.map(plain),
      songsOf: file.artists.map(() => []),
    };
    file.artist.forEach((artist, song) => artist >= 0 && model.songsOf[artist].push(song));
  };

  function load() {
    loading ||= new Promise((done, failed) => {
      said.textContent = "The model is being loaded.";
      const script = element("script", { src: place.dataset.weights });
      script.onload = () => (model ? done() : failed());
      script.onerror = failed;
      document.head.append(script);
    }).then(
      () => (said.textContent = `${model.titles.length.toLocaleString("en")} ${items} are here.`),
      () => {
        said.textContent = "The model could not be loaded: this works in the built book.";
        loading = null;
      },
    );
    return loading;
  }

  /* The best songs for those heard, ties to the more heard, and what each pick adds to a song's sum. */
  function recommend(heard, k = LENGTH) {
    const sums = new Int32Array(model.titles.length);
    for (const song of heard) {
      for (let at = song ? model.ends[song - 1] : 0; at < model.ends[song]; at++) sums[model.columns[at]] += model.values[at];
    }
    for (const song of heard) sums[song] = 0;
    const found = [];
    sums.forEach((sum, song) => sum > 0 && found.push(song));
    return found.sort((a, b) => sums[b] - sums[a] || a - b).slice(0, k);
  }

  function weight(from, to) {
    let low = from ? model.ends[from - 1] : 0;
    let high = model.ends[from];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (model.columns[middle] < to) low = middle + 1;
      else high = middle;
    }
    return low < model.ends[from] && model.columns[low] === to ? model.values[low] : 0;
  }

  /* Of all that speaks for a song the share of each pick, largest first. */
  function reasons(song) {
    const parts = picks.map((pick) => ({
      name: pick.name,
      part: Math.max(0, pick.songs.reduce((sum, one) => sum + weight(one, song), 0)),
    }));
    const whole = parts.reduce((sum, { part }) => sum + part, 0);
    return parts
      .filter(({ part }) => part > 0)
      .map(({ name, part }) => ({ name, share: part / whole }))
      .sort((a, b) => b.share - a.share)
      .slice(0, 3);
  }

  const heard = () => [...new Set(picks.flatMap((pick) => pick.songs))];

  // For tests: the list of songs by their places, as the page would show it.
  place.songbook = { load, list: recommend };

  function find(text) {
    const words = plain(text).split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const fits = (where) => words.every((word) => where.includes(word));
    const artists = model.artists
      .map((name, artist) => ({ name, songs: model.songsOf[artist].slice(0, OF_ARTIST), artist }))
      .filter(({ artist, songs }) => songs.length > 1 && fits(model.plainArtists[artist]))
      .slice(0, 3)
      .map(({ name, songs }) => ({ name, songs, note: `artist: the ${songs.length} most played ${items} here` }));
    const songs = [];
    for (let song = 0; song < model.titles.length && songs.length + artists.length < OFFERED; song++) {
      const artist = model.artist[song] >= 0 ? model.plainArtists[model.artist[song]] : "";
      if (fits(`${model.plainTitles[song]} ${artist}`)) {
        songs.push({ name: spoken(song), songs: [song], note: "" });
      }
    }
    return [...artists, ...songs];
  }

  function close() {
    offers = [];
    active = -1;
    found.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  async function offer() {
    await load();
    if (!model) return;
    offers = find(input.value);
    active = -1;
    input.removeAttribute("aria-activedescendant");
    const empty = !offers.length && input.value.trim();
    found.replaceChildren(
      ...offers.map((each, number) => {
        const row = element("li", { role: "option", id: `try-it-${number}`, "aria-selected": "false", text: each.name });
        if (each.note) row.append(element("span", { class: "faint", text: ` (${each.note})` }));
        row.addEventListener("pointerdown", (event) => event.preventDefault());
        row.addEventListener("click", () => pick(each));
        return row;
      }),
    );
    found.hidden = !offers.length;
    input.setAttribute("aria-expanded", String(offers.length > 0));
    said.textContent = empty ? `No ${item} here has these words in its title.` : offers.length ? `${offers.length} found.` : "";
  }

  function move(by) {
    if (!offers.length) return;
    active = (active + by + offers.length + (active < 0 && by < 0 ? 1 : 0)) % offers.length;
    [...found.children].forEach((row, number) => row.setAttribute("aria-selected", String(number === active)));
    found.children[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", `try-it-${active}`);
  }

  function pick({ name, songs }) {
    if (!picks.some((one) => one.name === name)) picks.push({ name, songs });
    input.value = "";
    close();
    show(`Added ${name}.`);
  }

  function remove(name) {
    picks = picks.filter((one) => one.name !== name);
    show(`Removed ${name}.`);
    input.focus();
  }

  function show(changed) {
    chosen.replaceChildren(
      ...picks.map(({ name }) =>
        element("li", {}, element("span", { text: name }), button("Remove", `Remove ${name}`, () => remove(name))),
      ),
    );
    clear.hidden = !picks.length;
    const listed = recommend(heard());
    list.replaceChildren(
      ...listed.map((song) => {
        const row = element("li", {}, element("span", { class: "title", text: model.titles[song] }));
        if (artistOf(song)) row.append(element("span", { class: "artist", text: artistOf(song) }));
        const why = reasons(song).map(({ name, share }) => `${name} (${Math.round(100 * share)} %)`);
        row.append(element("span", { class: "why", text: `because of ${why.join("; ")}` }));
        return row;
      }),
    );
    heading.hidden = !picks.length;
    const none = "The page's weights say nothing about what goes with these.";
    said.textContent = !picks.length
      ? changed
      : `${changed} ${listed.length ? `${listed.length} ${items} in the list. The first is ${spoken(listed[0])}.` : none}`;
  }

  const input = element("input", {
    id: "try-it-input", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", maxlength: 200,
    "aria-expanded": "false", "aria-controls": "try-it-found", "aria-autocomplete": "list", "aria-describedby": "try-it-hint",
  });
  const found = element("ul", { id: "try-it-found", role: "listbox", "aria-label": "Titles found", hidden: "" });
  const chosen = element("ul", { class: "picks", "aria-label": "What you picked" });
  const clear = button("Remove all", "Remove all that you picked", () => {
    picks = [];
    show("Removed all.");
    input.focus();
  });
  clear.hidden = true;
  const example = button("Show an example", "Show an example: three titles picked for you", async () => {
    await load();
    if (!model) return;
    const most = [0, 1, 2].map((place) => Math.min(place * 40, model.titles.length - 1));
    picks = [...new Set(most)].map((song) => ({ name: spoken(song), songs: [song] }));
    show("An example.");
  });
  const said = element("p", { role: "status", class: "faint" });
  const heading = element("p", { class: "heading", text: "What comes next", hidden: "" });
  const list = element("ol", { "aria-label": `Recommended ${items}` });

  const byArtist = item === "song" ? `Find a song by title or artist` : `Find ${/^[aeiou]/.test(item) ? "an" : "a"} ${item} by name`;
  place.replaceChildren(
    element("label", { for: "try-it-input", text: byArtist }),
    element("div", { class: "find" }, input, found),
    element("p", { id: "try-it-hint", class: "faint", text: "Choose with the arrow keys and Enter, or by clicking." }),
    example, clear, chosen, said, heading, list,
  );
  input.addEventListener("focus", load);
  input.addEventListener("input", offer);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) move(step);
    else if (event.key === "Enter" && offers.length) pick(offers[Math.max(active, 0)]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
})();
