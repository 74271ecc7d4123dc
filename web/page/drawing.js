// Drawing of chords with elements, so that they can be selected, printed and read out.

/** An element with classes, attributes and children. */
export function make(tag, classes = "", attributes = {}, ...children) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The parts of a chord's name, each in its size. */
export function parts(name) {
  const made = [make("span", "root", {}, name.root)];
  if (name.quality) made.push(make("span", "quality", {}, name.quality));
  if (name.bass) made.push(make("span", "bass", {}, `/${name.bass}`));
  return made;
}

/** A chord's name on one line. */
export function symbol(name, classes = "") {
  return make("span", `symbol ${classes}`, {}, ...parts(name));
}

/** Minutes and seconds. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** The least confidence of a chord that is shown as sure. */
const SURE = 0.5;

/** The chord in large type, as large as there is room. */
export function hero(element, chord) {
  const state = !chord ? "" : chord.confirmed === false ? "provisional" : chord.confidence < SURE ? "guess" : "";
  element.className = `chord ${state}`;
  element.replaceChildren(...(chord ? parts(chord.name) : []));
  const largest = Math.min(148, Math.max(104, innerWidth / 6));
  element.style.setProperty("--size", `${largest}px`);
  const room = element.clientWidth / Math.max(1, element.scrollWidth);
  if (room < 1) element.style.setProperty("--size", `${Math.floor(largest * room)}px`);
}

const BLACK = new Set([1, 3, 6, 8, 10]);
/** The notes of the drawn keyboard: C2 to B4, the range of voicings. */
const KEYS = [36, 83];

function svg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** A chord on a keyboard. */
export function keyboard(element, chord) {
  const notes = new Set(chord?.notes ?? []);
  const whites = [];
  const blacks = [];
  let at = 0;
  for (let note = KEYS[0]; note <= KEYS[1]; note++) {
    const black = BLACK.has(note % 12);
    const sounds = notes.has(note) ? (note % 12 === chord.root ? " sounds root" : " sounds") : "";
    const place = black
      ? { x: at - 3.4, width: 6.8, height: 33, rx: 1, class: `black${sounds}` }
      : { x: at, width: 11, height: 52, rx: 1.4, class: `white${sounds}` };
    (black ? blacks : whites).push(svg("rect", { y: 0.5, ...place }));
    if (!black) at += 11;
  }
  const drawing = svg("svg", { viewBox: `-0.5 0 ${at + 1} 53.5`, "aria-hidden": "true" });
  drawing.append(...whites, ...blacks);
  element.className = chord?.function ?? "unknown";
  element.replaceChildren(drawing);
  element.setAttribute("aria-label", chord ? `${chord.name.spoken} on a keyboard` : "A keyboard");
}

/** Shapes of icons, which the fonts of the page do not have. */
const SHAPES = {
  play: "M7 4.5v15l12-7.5z",
  pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
  stop: "M6 6h12v12H6z",
  back: "M5 5h2.6v14H5zM19 5v14L8.6 12z",
  forward: "M16.4 5H19v14h-2.6zM5 5v14l10.4-7z",
  simile: "M4 19 17.5 5H20L6.5 19zM5 7.6a2 2 0 1 0 4 0 2 2 0 1 0-4 0zM15 16.4a2 2 0 1 0 4 0 2 2 0 1 0-4 0z",
};

/** An icon. */
export function icon(name) {
  const drawing = svg("svg", { viewBox: "0 0 24 24", class: `icon ${name}`, "aria-hidden": "true" });
  drawing.append(svg("path", { d: SHAPES[name] }));
  return drawing;
}

/** Pixels per second in the lane, so that a typical chord has room for its name. */
export function laneScale(chords) {
  const lengths = chords.map((it) => it.end_s - it.start_s).sort((a, b) => a - b);
  const usual = lengths[Math.floor(lengths.length / 2)] ?? 2;
  return Math.min(96, Math.max(34, 130 / usual));
}

/** Whether a chord continues the one before it, such as a part that is not confirmed yet. */
function goesOn(chords, index) {
  const before = chords[index - 1];
  const chord = chords[index];
  return before?.name.text === chord.name.text && chord.start_s - before.end_s < 0.01;
}

/** A chord of the lane. */
function block(chord, scale, goesOn) {
  const classes = ["block", chord.function];
  if (chord.confirmed === false) classes.push("provisional");
  if (chord.locked) classes.push("locked");
  if (goesOn) classes.push("goes-on");
  const made = make("div", classes.join(" "), {}, symbol(chord.name, chord.confidence < SURE ? "guess" : ""));
  made.style.left = `${chord.start_s * scale}px`;
  made.style.width = `${(chord.end_s - chord.start_s) * scale}px`;
  return made;
}

/** The chords shown since the last chord of the lane, up to now. */
export function growing(element, shown, chords, now, scale) {
  for (const old of element.querySelectorAll(".growing")) old.remove();
  let before = chords.at(-1);
  for (const [index, chord] of shown.entries()) {
    const start_s = Math.max(chord.starts_at_s, before?.end_s ?? 0);
    const end_s = shown[index + 1]?.starts_at_s ?? now;
    if (end_s <= start_s) continue;
    const goesOn = before?.name.text === chord.name.text && start_s - before.end_s < 0.2;
    before = { ...chord, start_s, end_s, confirmed: false };
    if (!chord.notes.length) continue;
    const made = block(before, scale, goesOn);
    made.classList.add("growing");
    element.append(made);
  }
}

/** The chords of the lane, to be moved past the needle. */
export function lane(element, chords, scale) {
  element.replaceChildren(...chords.map((chord, index) => block(chord, scale, goesOn(chords, index))));
}

/** The overview of the song: its level, in the colours of its chords. */
export function overview(canvas, peaks, chords, length) {
  const { width, height } = canvas.getBoundingClientRect();
  if (!width || !length) return;
  const scale = devicePixelRatio || 1;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const picture = canvas.getContext("2d");
  picture.scale(scale, scale);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const colours = {};
  for (const name of ["tonic", "subdominant", "dominant", "chromatic", "unknown"]) colours[name] = colour(name);
  picture.fillStyle = colour("background");
  picture.fillRect(0, 0, width, height);
  let index = 0;
  for (let x = 0; x < width; x += 3) {
    const time = (x / width) * length;
    while (index + 1 < chords.length && chords[index].end_s <= time) index++;
    const chord = chords[index];
    const loud = peaks ? peaks[Math.min(peaks.length - 1, Math.floor((x / width) * peaks.length))] : 0.4;
    const tall = Math.max(2, Math.min(1, loud) * (height - 8));
    picture.globalAlpha = chord?.notes.length ? 0.85 : 0.3;
    picture.fillStyle = colours[chord?.function ?? "unknown"];
    picture.fillRect(x, (height - tall) / 2, 2, tall);
  }
  picture.globalAlpha = 1;
}

/** The type size that fits into a share of a bar. */
function fitting(name, share) {
  const letters = name.root.length + 0.72 * (name.quality.length + (name.bass ? name.bass.length + 1 : 0));
  const room = share * 250;
  return `${Math.max(11, Math.min(25, room / (0.66 * letters + 0.6)))}px`;
}

function percent(share) {
  return `${(100 * share).toFixed(3)}%`;
}

function bar(bar, index) {
  const said = bar.chords.map((placed) => placed.name.spoken).join(", ");
  const title = bar.section ? `${bar.section}, ` : "";
  const element = make("button", "bar", {
    tabindex: "-1",
    "data-start": bar.start_s,
    "data-bar": index,
    "aria-label": `${title}bar ${bar.number}: ${said}`,
  });
  if (bar.section) element.append(make("span", "section", {}, bar.section));
  if (bar.meter) element.append(make("span", "meter", {}, `${bar.meter[0]}/${bar.meter[1]}`));
  if (bar.simile) {
    element.append(make("span", "again", {}, icon("simile")));
  }
  for (const placed of bar.simile ? [] : bar.chords) {
    const share = placed.length / bar.length;
    const chord = make(
      "span",
      `placed ${placed.held ? "held" : ""}`,
      { "data-start": Math.max(bar.start_s, placed.start_s) },
      symbol(placed.name),
    );
    chord.style.setProperty("--left", percent(placed.offset / bar.length));
    chord.style.setProperty("--width", percent(share));
    chord.style.setProperty("--type", fitting(placed.name, share));
    element.append(chord);
    // A slash for each beat of the chord.
    const first = Math.ceil(placed.offset / bar.pulse) * bar.pulse;
    for (let at = first; at < placed.offset + placed.length; at += bar.pulse) {
      const slash = make("i", `slash ${placed.function}`);
      slash.style.setProperty("--left", percent(at / bar.length));
      element.append(slash);
    }
  }
  return element;
}

/** Makes one bar of the sheet reachable by Tab; the arrow keys move on from there. */
export function reachable(element, bar) {
  for (const old of element.querySelectorAll('[tabindex="0"]')) old.tabIndex = -1;
  if (bar) bar.tabIndex = 0;
}

/** The song as lines of bars. */
export function sheet(element, view) {
  element.className = "";
  element.replaceChildren(
    ...view.lines.map(([from, to]) => {
      const bars = make("div", "sheet-bars");
      const pickup = view.bars[from].number === 0 ? 1 : 0;
      bars.style.setProperty("--bars", Math.max(4, to - from - pickup) + pickup);
      for (let index = from; index < to; index++) bars.append(bar(view.bars[index], index));
      const number = view.bars[from + (to - from > 1 ? pickup : 0)].number;
      return make("div", "sheet-line", {}, make("span", "number", { "aria-hidden": "true" }, String(number)), bars);
    }),
  );
  reachable(element, element.querySelector(".bar"));
}

/** The chords one after the other, for music without a steady beat. */
export function list(element, chords) {
  element.className = "list";
  element.replaceChildren(
    ...chords.map((chord, index) =>
      make(
        "button",
        goesOn(chords, index) ? "bar goes-on" : "bar",
        { tabindex: "-1", "data-start": chord.start_s, "aria-label": `${clock(chord.start_s)}: ${chord.name.spoken}` },
        make("time", "", {}, clock(chord.start_s)),
        symbol(chord.name, chord.confidence < SURE ? "guess" : ""),
      ),
    ),
  );
  reachable(element, element.firstElementChild);
}

/** The index of the last item that has begun by `time`, or −1. */
export function indexAt(items, time) {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].start_s <= time + 1e-3) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
