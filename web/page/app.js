// The page: connects engine, audio and drawing.
import { Microphone, decode, hand, peaks } from "./audio.js";
import * as drawing from "./drawing.js";
import { Engine, Stopped, compiled } from "./engine.js";

const by = (id) => document.getElementById(id);
const player = by("player");
const quiet = matchMedia("(prefers-reduced-motion: reduce)");

/** The open song; its track is in the saved form of the recognizer. */
let song = null;
/** The engine, once loaded. */
let engine = null;
let microphone = null;
/** The latest state of the microphone. */
let heard = { now_s: 0, view: null, shown: null, recent: [] };
const options = { transpose: 0, vocabulary: "inversions", style: "jazz" };
/** Incremented by everything that makes earlier answers obsolete. */
let round = 0;

// ---- states

function show(state) {
  document.body.dataset.state = state;
  const listening = state === "listening";
  by("welcome").hidden = state !== "empty";
  by("work").hidden = state !== "working";
  by("now").hidden = by("time").hidden = !(state === "song" || listening);
  by("sheet").hidden = !(state === "song" || listening);
  by("listen").setAttribute("aria-pressed", String(listening));
  by("listen").textContent = listening ? "Stop" : "Microphone";
  button("play", listening ? "stop" : "play", listening ? "Stop listening" : "Play");
}

/** Sets the icon and the name of a button. */
function button(id, sign, name) {
  by(id).setAttribute("aria-label", name);
  by(id).replaceChildren(drawing.icon(sign));
}
button("play", "play", "Play");
button("back", "back", "To the previous chord");
button("forward", "forward", "To the next chord");

function status(text, loading = false) {
  by("status").classList.toggle("loading", loading);
  if (by("status-text").textContent !== text) by("status-text").textContent = text;
}

let alertTimer = 0;
function alert(error) {
  if (error instanceof Stopped) return;
  by("alert").textContent = error.message ?? String(error);
  by("alert").hidden = false;
  clearTimeout(alertTimer);
  alertTimer = setTimeout(() => (by("alert").hidden = true), 9000);
}

// ---- the engine, loaded after the page is painted

/** Resolves when the page has been painted, or after 800 ms if it is hidden or the browser does not report it. */
function painted() {
  return new Promise((resolve) => {
    setTimeout(resolve, 800);
    new PerformanceObserver((seen) => {
      if (seen.getEntriesByName("first-contentful-paint").length) resolve();
    }).observe({ type: "paint", buffered: true });
  });
}

const engineReady = (async () => {
  await painted();
  status("Loading the recognizer", true);
  const started = new Engine(await compiled());
  started.onheard = take;
  await started.start();
  engine = started;
  status("Ready");
  document.body.dataset.ready = "";
  return started;
})();
engineReady.catch((error) => {
  status("The recognizer could not be loaded");
  alert(error);
});

// Fetched in advance, so that nothing is requested later.
const demo = engineReady.then(async () => {
  const answer = await fetch("town-theme.ogg");
  if (!answer.ok) throw new Error(`the demo cannot be loaded (${answer.status})`);
  return answer.arrayBuffer();
});
demo.then(() => (document.body.dataset.demo = ""), () => {});

if ("serviceWorker" in navigator) {
  engineReady
    .then(() => navigator.serviceWorker.register("service-worker.js"))
    .then(() => navigator.serviceWorker.ready)
    .then(() => (document.body.dataset.offline = ""))
    .catch(() => {});
}

// ---- opening

/** Whether another song may replace the current one. */
function mayReplace() {
  if (microphone) {
    alert(new Error("Stop listening first, or the recording would be lost."));
    return false;
  }
  return !song?.unsaved || confirm("The recording has not been saved (Export). Open another song?");
}

async function open(name, bytes, type = "") {
  if (!mayReplace()) return;
  const mine = ++round;
  player.pause();
  const isBusy = document.body.dataset.state === "working";
  working(`Reading ${name}`);
  try {
    if (!engine) work("Loading the recognizer", 0);
    await engineReady;
    // The song dropped last replaces the one being read.
    if (isBusy) await engine.stop();
    const url = URL.createObjectURL(new Blob([bytes], { type }));
    const started = performance.now();
    work("Decoding", 0);
    const id = await identity(bytes);
    const audio = await decode(bytes, name);
    if (mine !== round) return;
    await hand(engine, audio, (share) => work("Reading", 0.1 * share));
    const title = name.replace(/\.[^.]+$/, "").replaceAll("_", " ");
    await transcribe(mine, { title, url, peaks: peaks(audio, 1200), id }, started, audio.duration);
  } catch (error) {
    gaveUp(mine, error);
  }
}

/** Restores the previous state, unless something else has started meanwhile. */
function gaveUp(mine, error) {
  if (mine !== round) return;
  show(song ? "song" : "empty");
  status("Ready");
  alert(error);
}

/** Transcribes the audio in the worker, and shows the chords. */
async function transcribe(mine, about, started, duration) {
  work("Listening", 0.1);
  const found = await engine.ask("transcribe", { title: about.title }, [], (share) => work("Listening", 0.1 + 0.9 * share));
  if (mine !== round) return;
  const took = (performance.now() - started) / 1000;
  document.body.dataset.speed = (duration / took).toFixed(1);
  if (song) URL.revokeObjectURL(song.url);
  song = { ...found, ...about, undo: [], view: null };
  const corrected = recall(song.id);
  if (corrected) {
    song.undo.push(song.track);
    song.track = corrected;
  }
  player.src = song.url;
  by("position").max = song.length_s;
  options.transpose = 0;
  await refresh();
  show("song");
  redraw();
  // The overview needs its size on the screen.
  drawing.overview(by("overview"), song.peaks, song.view.chords, song.length_s);
  status("Ready");
  by("play").focus();
}

function working(title) {
  by("work-title").textContent = title;
  work("", 0);
  show("working");
  status("Recognizing");
  by("cancel").focus();
}

function work(what, share) {
  by("progress").value = share;
  by("work-detail").textContent = what && `${what}, ${Math.round(100 * share)} %`;
}

async function cancel() {
  round++;
  show(song ? "song" : "empty");
  status("Ready");
  await engine?.stop();
  redraw();
}

function openFile(file) {
  if (!file) return;
  file.arrayBuffer().then((bytes) => open(file.name, bytes, file.type), () => alert(new Error(`${file.name} cannot be read.`)));
}

// ---- the view of the track

/** Updates the view after the track or the options have changed. */
async function refresh() {
  if (!song) return;
  const asked = song;
  const view = await engine.ask("view", { track: song.track, options });
  if (asked !== song) return;
  song.view = view;
  scale = drawing.laneScale(view.chords);
  drawing.lane(by("blocks"), view.chords, scale);
  drawing.overview(by("overview"), song.peaks, view.chords, song.length_s);
  by("sheet-title").textContent = song.title;
  const beats = song.has_beats ? [`${Math.round(view.tempo_bpm)} bpm`, view.meter] : ["no steady beat"];
  const facts = [view.key, ...beats, song.tuning && `tuned to ${song.tuning}`].filter(Boolean);
  by("sheet-facts").textContent = by("facts").textContent = facts.join(" · ");
  by("length").textContent = `/ ${drawing.clock(song.length_s)}`;
  if (song.has_beats) drawing.sheet(by("bars"), view);
  else drawing.list(by("bars"), view.chords);
  by("undo").disabled = !song.undo.length;
  drawn = {};
  redraw();
}

/** Changes an option and shows it. */
async function choose(change) {
  Object.assign(options, change);
  const n = options.transpose;
  by("transposition").textContent = n ? `${Math.abs(n)} semitone${Math.abs(n) > 1 ? "s" : ""} ${n > 0 ? "up" : "down"}` : "as it sounds";
  by("lower").disabled = n <= -11;
  by("higher").disabled = n >= 11;
  try {
    if (microphone) await engine.ask("show", { options });
    else await refresh();
  } catch (error) {
    alert(error);
  }
}

/** The hash that identifies a file, whatever its name; null if the browser cannot compute it. */
async function identity(bytes) {
  if (!crypto.subtle) return null;
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest, 0, 12), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The corrected track of a file, from an earlier session. */
function recall(id) {
  try {
    return id && localStorage.getItem(`track-${id}`);
  } catch {
    return null;
  }
}

/** Keeps a corrected track in this browser, for when its file is opened again. */
function remember() {
  if (!song.id) return;
  try {
    if (song.undo.length) localStorage.setItem(`track-${song.id}`, song.track);
    else localStorage.removeItem(`track-${song.id}`);
  } catch {
    alert(new Error("This browser has no space left for corrections: export the chords to keep them."));
  }
}

async function edit(command) {
  if (!song) return;
  try {
    const track = await engine.ask("edit", { track: song.track, command });
    song.undo.push(song.track);
    song.track = track;
    remember();
    await refresh();
  } catch (error) {
    alert(error);
  }
}

async function undo() {
  if (!song?.undo.length) return;
  song.track = song.undo.pop();
  remember();
  await refresh();
}

// ---- following the music

/** The state on the screen, so that only changes are drawn. */
let drawn = {};
/** Pixels per second in the lane. */
let scale = 84;

function redraw() {
  if (microphone) return redrawLive();
  if (!song?.view) return;
  const time = player.currentTime;
  const { chords, bars } = song.view;
  const index = drawing.indexAt(chords, time);
  const chord = chords[index];
  move(time, 0.25);
  keepName(by("blocks").children[index], time - (chord?.start_s ?? 0));
  by("position").value = time;
  if (drawn.clock !== Math.floor(time)) {
    drawn.clock = Math.floor(time);
    by("clock").textContent = drawing.clock(time);
    by("position").setAttribute("aria-valuetext", `${drawing.clock(time)}, ${chord?.name.spoken ?? ""}`);
  }
  if (drawn.index !== index || !drawn.has) {
    drawn.index = index;
    drawn.has = true;
    by("blocks").querySelector(".sounds")?.classList.remove("sounds");
    by("blocks").children[index]?.classList.add("sounds");
    by("next").replaceChildren(...(chords[index + 1] ? [drawing.symbol(chords[index + 1].name)] : ["–"]));
    now(chord, (label) => edit({ command: "take_alternative", at_s: (chord.start_s + chord.end_s) / 2, label }));
    if (!song.has_beats) mark(by("bars").children[index]);
  }
  if (song.has_beats) inBar(bars, time);
  if (!player.paused) say(chord);
}

/** Moves the lane so that `time` is at the needle. */
function move(time, place) {
  const at = by("lane").clientWidth * place - time * scale;
  by("blocks").style.transform = `translateX(${at.toFixed(1)}px)`;
}

/** Keeps the name of the current chord in the lane after its start has scrolled out. */
function keepName(block, since) {
  const name = block?.firstElementChild;
  if (!name) return;
  const hidden = since * scale - by("lane").clientWidth * 0.25;
  const most = block.clientWidth - name.offsetWidth - 20;
  name.style.transform = hidden > 0 ? `translateX(${Math.min(hidden, Math.max(0, most)).toFixed(1)}px)` : "";
}

/** Marks a bar of the sheet and brings it into view while music plays. */
function mark(element) {
  const before = by("bars").querySelector(".bar.sounds");
  if (before === element) return;
  before?.classList.remove("sounds");
  before?.removeAttribute("aria-current");
  element?.classList.add("sounds");
  element?.setAttribute("aria-current", "true");
  if (element) drawing.reachable(by("bars"), element);
  if (!element || player.paused) return;
  const place = element.getBoundingClientRect();
  if (place.top < 60 || place.bottom > innerHeight - 20) {
    element.scrollIntoView({ block: "center", behavior: quiet.matches ? "auto" : "smooth" });
  }
}

let needle = null;
function inBar(bars, time) {
  const index = drawing.indexAt(bars, time);
  const bar = bars[index];
  const element = bar && time < bar.end_s ? by("bars").querySelector(`[data-bar="${index}"]`) : null;
  mark(element);
  needle ??= drawing.make("i", "now", { "aria-hidden": "true" });
  if (!element) return needle.remove();
  needle.style.setProperty("--left", `${(100 * (time - bar.start_s)) / (bar.end_s - bar.start_s)}%`);
  if (needle.parentElement !== element) element.append(needle);
}

/** Shows the current chord: in large type, on the keyboard, and with other readings. */
function now(chord, takes) {
  drawing.hero(by("chord"), chord);
  drawing.keyboard(by("keyboard"), chord);
  const sure = chord && chord.notes.length ? chord.confidence : 0;
  by("sure").textContent = sure ? `${Math.round(100 * sure)} %` : "–";
  by("bar").parentElement.className = `sure ${chord?.function ?? "unknown"}`;
  by("bar").firstElementChild.style.transform = `scaleX(${sure})`;
  by("role").hidden = !chord?.notes.length;
  by("role-text").textContent = chord?.role ?? "";
  by("bass").textContent = chord ? (chord.name.bass ?? (chord.notes.length ? chord.name.root : "–")) : "–";
  by("key").textContent = chord?.key ?? song?.view?.key ?? "–";
  const others = (chord?.alternatives ?? []).filter((it) => it.probability >= 0.01).slice(0, 4);
  by("others-title").hidden = !others.length;
  by("others").replaceChildren(
    ...others.map((other, index) => {
      const share = drawing.make("span", "percent", {}, `${Math.round(100 * other.probability)} %`);
      const button = drawing.make("button", "", { "aria-label": `Take ${other.name.spoken}` }, drawing.symbol(other.name), share);
      button.disabled = !takes;
      if (takes) button.title = `Make it the chord (${index + 1})`;
      button.addEventListener("click", () => takes?.(other.label));
      return drawing.make("li", "", {}, button);
    }),
  );
}

let said = { text: "", at: 0 };
/** Announces the chord to screen readers, at most once a second. */
function say(chord) {
  const text = chord?.name.spoken ?? "";
  const time = performance.now();
  if (text === said.text || time - said.at < 1000) return;
  said = { text, at: time };
  by("live").textContent = text;
}

let looping = false;
function follow() {
  if (looping) return;
  looping = true;
  const step = () => {
    redraw();
    looping = !player.paused || microphone !== null;
    if (looping) requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}

function seek(time) {
  if (!song) return;
  player.currentTime = Math.min(Math.max(0, time), song.length_s);
  drawn.clock = -1;
  redraw();
}

function jump(step) {
  if (!song?.view) return;
  const { chords } = song.view;
  let index = drawing.indexAt(chords, player.currentTime);
  // Back first goes to the start of the chord, like the button of music players.
  if (step < 0 && chords[index] && player.currentTime - chords[index].start_s > 0.4) index++;
  const chord = chords[Math.min(chords.length - 1, Math.max(0, index + step))];
  if (!chord) return;
  const inSheet = by("bars").contains(document.activeElement);
  seek(chord.start_s + 0.001);
  if (inSheet) by("bars").querySelector('[tabindex="0"]')?.focus();
}

function play() {
  if (microphone) return void hushed(true);
  if (!song) return;
  if (player.paused) player.play().catch(alert);
  else player.pause();
}

// ---- the microphone

async function listen() {
  if (microphone) return hushed(true);
  if (document.body.dataset.state === "working" || !mayReplace()) return;
  round++;
  player.pause();
  try {
    await engineReady;
    const wanted = new Microphone();
    status("Asking for the microphone");
    await wanted.start(engine, options);
    microphone = wanted;
    heard = { now_s: 0, view: null, shown: null, recent: [] };
    drawn = {};
    scale = 84;
    drawing.lane(by("blocks"), [], scale);
    drawing.list(by("bars"), []);
    by("sheet-title").textContent = "Heard so far";
    by("sheet-facts").textContent = by("facts").textContent = "";
    show("listening");
    status("Listening");
    now(null);
    follow();
  } catch (error) {
    status("Ready");
    alert(error);
  }
}

/** Stops listening; with `keeps` the recording is then transcribed as a song. */
async function hushed(keeps = false) {
  const stopped = microphone;
  microphone = null;
  if (!stopped) return;
  await stopped.stop();
  await engine.ask("hush");
  if (!keeps) return;
  if (heard.now_s < 1) {
    show(song ? "song" : "empty");
    status("Ready");
    if (song) await refresh();
    return;
  }
  const mine = ++round;
  const started = performance.now();
  working("Analysing the recording");
  try {
    const { bytes } = await engine.ask("wav");
    const blob = new Blob([bytes], { type: "audio/wav" });
    const picture = await decode(bytes.slice().buffer, "the recording").catch(() => null);
    const url = URL.createObjectURL(blob);
    const about = { title: "Recording", url, peaks: picture && peaks(picture, 1200), id: null, unsaved: true, blob };
    await transcribe(mine, about, started, heard.now_s);
  } catch (error) {
    gaveUp(mine, error);
  }
}

/** Takes the changes by a block of the microphone. */
function take(news) {
  if (news.error) {
    alert(new Error(news.error));
    return void hushed(true).catch(alert);
  }
  heard.now_s = news.now_s;
  heard.at = performance.now();
  if (news.shown) {
    heard.shown = { ...news.shown, isNew: true };
    const last = heard.recent.at(-1);
    if (last?.name.text === news.shown.name.text) heard.recent.pop();
    const starts_at_s = last?.name.text === news.shown.name.text ? last.starts_at_s : news.shown.starts_at_s;
    heard.recent.push({ ...news.shown, starts_at_s });
    // Older chords are in the track.
    heard.recent = heard.recent.slice(-16);
  }
  if (news.view) heard.view = { ...news.view, isNew: true };
}

function redrawLive() {
  if (heard.view?.isNew) {
    heard.view.isNew = false;
    drawing.lane(by("blocks"), heard.view.chords.slice(-60), scale);
    drawing.list(by("bars"), heard.view.chords.filter((it) => it.notes.length).slice(-48));
  }
  if (heard.shown?.isNew) {
    heard.shown.isNew = false;
    now(heard.shown);
    document.body.dataset.shown = heard.shown.name.text;
  }
  say(heard.shown);
  if (drawn.clock !== Math.floor(heard.now_s)) {
    drawn.clock = Math.floor(heard.now_s);
    by("clock").textContent = drawing.clock(heard.now_s);
  }
  // Between two blocks time continues.
  const since = heard.at ? Math.min(0.1, (performance.now() - heard.at) / 1000) : 0;
  const live = heard.now_s + since;
  drawing.growing(by("blocks"), heard.recent, heard.view?.chords ?? [], live, scale);
  move(live, 0.94);
}

// ---- exports

const BINARY = new Set(["mid", "pdf"]);

function openExports() {
  if (!song) return;
  by("export-note").textContent = "";
  by("formats").replaceChildren(
    ...engine.formats.map((format) => {
      const text = drawing.make("span", "", {}, `${format.title} `, drawing.make("code", "", {}, `.${format.extension}`));
      const save = drawing.make("button", "", { "data-format": format.name, "aria-label": `Save ${format.title}` }, "Save");
      save.addEventListener("click", () => saved(format).catch(alert));
      const item = drawing.make("li", "", {}, text);
      if (!BINARY.has(format.name)) {
        const copy = drawing.make("button", "", { "aria-label": `Copy ${format.title}` }, "Copy");
        copy.addEventListener("click", () => copied(format).catch(alert));
        item.append(copy);
      }
      item.append(save);
      return item;
    }),
  );
  if (song.blob) {
    const save = drawing.make("button", "", { "aria-label": "Save the recording" }, "Save");
    save.addEventListener("click", () => handOver(song.blob, "wav").catch(alert));
    by("formats").prepend(drawing.make("li", "", {}, drawing.make("span", "", {}, "The recording itself"), save));
  }
  by("exports").showModal();
}

async function written(format) {
  const { bytes } = await engine.ask("file", { track: song.track, options, format: format.name });
  return bytes;
}

async function saved(format) {
  await handOver(new Blob([await written(format)], { type: format.media }), format.extension);
}

/** Offers a file for download. */
async function handOver(blob, extension) {
  const name = `${await engine.ask("fileName", { title: song.title })}.${extension}`;
  const link = drawing.make("a", "", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  by("export-note").textContent = `Saved ${name}`;
  song.unsaved = false;
}

async function copied(format) {
  await navigator.clipboard.writeText(new TextDecoder().decode(await written(format)));
  by("export-note").textContent = `Copied: ${format.title}`;
}

// ---- buttons and keys

const on = (id, event, does) => by(id).addEventListener(event, does);
on("open", "click", () => by("file").click());
on("choose", "click", () => by("file").click());
on("file", "change", ({ target }) => {
  openFile(target.files[0]);
  target.value = "";
});
on("listen", "click", listen);
on("choose-microphone", "click", listen);
on("demo", "click", async () => {
  try {
    await open("town-theme.ogg", (await demo).slice(0), "audio/ogg");
  } catch (error) {
    show("empty");
    alert(error);
  }
});
on("cancel", "click", () => cancel().catch(alert));
on("undo", "click", undo);
on("export", "click", openExports);
on("settings", "click", () => by("options").showModal());
on("play", "click", play);
on("back", "click", () => jump(-1));
on("forward", "click", () => jump(1));
on("position", "input", ({ target }) => seek(Number(target.value)));
on("lower", "click", () => choose({ transpose: Math.max(-11, options.transpose - 1) }));
on("higher", "click", () => choose({ transpose: Math.min(11, options.transpose + 1) }));
on("vocabulary", "change", ({ target }) => choose({ vocabulary: target.value }));
on("style", "change", ({ target }) => choose({ style: target.value }));
on("half", "click", () => edit({ command: "scale_tempo", factor: 0.5 }));
on("double", "click", () => edit({ command: "scale_tempo", factor: 2 }));
on("bars", "click", ({ target }) => {
  const place = target.closest("[data-start]");
  if (place && !microphone) seek(Number(place.dataset.start) + 0.001);
});
on("lane", "click", (event) => {
  if (microphone || !song) return;
  const lane = by("lane").getBoundingClientRect();
  seek(player.currentTime + (event.clientX - lane.left - lane.width * 0.25) / scale);
});
for (const button of document.querySelectorAll("dialog .close")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

player.addEventListener("play", () => {
  button("play", "pause", "Pause");
  follow();
});
for (const event of ["pause", "ended"]) {
  player.addEventListener(event, () => {
    if (!microphone) button("play", "play", "Play");
    redraw();
  });
}
player.addEventListener("seeked", redraw);

addEventListener("beforeunload", (event) => {
  if (microphone || song?.unsaved) event.preventDefault();
});

addEventListener("resize", () => {
  if (song?.view) drawing.overview(by("overview"), song.peaks, song.view.chords, song.length_s);
  drawn.has = false;
  redraw();
});

const shortcuts = {
  " ": play,
  ArrowLeft: () => jump(-1),
  ArrowRight: () => jump(1),
  Home: () => seek(0),
  "[": () => by("lower").click(),
  "]": () => by("higher").click(),
  o: () => by("file").click(),
  m: listen,
  e: openExports,
  s: () => by("options").showModal(),
};

addEventListener("keydown", (event) => {
  const busy = event.target.closest("input, select, dialog, textarea");
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && !busy) {
    event.preventDefault();
    return void undo();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || busy) return;
  // On a focused button the space bar presses the button.
  if (event.key === " " && event.target.closest("button, a")) return;
  if (event.key >= "1" && event.key <= "4") {
    by("others").querySelectorAll("button:not(:disabled)")[Number(event.key) - 1]?.click();
    return;
  }
  const does = shortcuts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!does) return;
  event.preventDefault();
  does();
});

// ---- dropped files

let depth = 0;
const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
addEventListener("dragenter", (event) => {
  if (!carriesFile(event)) return;
  depth++;
  document.body.classList.add("dragging");
});
addEventListener("dragleave", () => {
  depth = Math.max(0, depth - 1);
  if (!depth) document.body.classList.remove("dragging");
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  depth = 0;
  document.body.classList.remove("dragging");
  openFile(event.dataTransfer?.files[0]);
});

// ---- the theme

function theme(name) {
  document.documentElement.dataset.theme = name;
  by("theme").value = name;
  if (song?.view) drawing.overview(by("overview"), song.peaks, song.view.chords, song.length_s);
}
on("theme", "change", ({ target }) => {
  theme(target.value);
  try {
    localStorage.setItem("theme", target.value);
  } catch {
    // Then it is not kept.
  }
});
let kept = null;
try {
  kept = localStorage.getItem("theme");
} catch {
  // Storage is not allowed: nothing is kept.
}
theme(["dark", "light"].includes(kept) ? kept : "auto");
choose({});
