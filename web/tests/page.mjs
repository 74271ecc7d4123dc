// The page in headless Chromium: its chords compared with the command's, no requests once
// loaded, use without a network, and pictures of it.
//
// `cargo xtask test --step web` sets the variables and runs it.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const env = (name) => process.env[`CHANGES_${name}`] ?? assert.fail(`CHANGES_${name} is not set`);
const [PAGE, REQUESTS, BROWSER, LAB] = ["PAGE", "REQUESTS", "BROWSER", "LAB"].map(env);
const [DEMO, PICTURES] = ["DEMO", "PICTURES"].map(env);

/** The browser's decoders and resamplers differ from ours: the least share of equal time. */
const SAME = 0.98;
/** A frame of the recognizer, seconds. */
const FRAME_S = 2048 / 22050;

const folder = await mkdtemp(join(tmpdir(), "changes-web-"));
const tones = join(folder, "tones.wav");
await writeFile(tones, wav());

const browser = await chromium.launch({
  executablePath: BROWSER,
  args: [
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-audio-capture=${tones}`,
  ],
});
const context = await browser.newContext({
  viewport: { width: 1280, height: 860 },
  colorScheme: "dark",
  permissions: ["microphone", "clipboard-read", "clipboard-write"],
});
const faults = [];
const page = await context.newPage();
page.setDefaultTimeout(120_000);
page.on("pageerror", (error) => faults.push(String(error)));
page.on("console", (message) => {
  if (message.type() === "error") faults.push(message.text());
});

let failed = 0;
async function check(name, does) {
  const start = performance.now();
  try {
    const figure = await does();
    const took = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`  ok      ${name}${figure ? `: ${figure}` : ""} (${took} s)`);
  } catch (error) {
    failed++;
    console.log(`  FAILED  ${name}\n${error.stack}`);
    await page.screenshot({ path: join(folder, `failed-${failed}.png`) }).catch(() => {});
  }
}

/** The requests to the server, without the browser's own checks whether the service worker has
 * changed. */
const requests = async () => {
  const own = ["/service-worker.js", "/kept.js"];
  return (await readFile(REQUESTS, "utf8")).split("\n").filter((path) => path && !own.includes(path));
};
const state = (name) => page.waitForSelector(`body[data-state="${name}"]`);
const text = (id) => page.textContent(`#${id}`);
const picture = (name, options = {}) => page.screenshot({ path: join(PICTURES, `web-${name}.png`), ...options });
const time = () => page.evaluate(() => document.getElementById("player").currentTime);
const seek = (seconds) =>
  page.evaluate((seconds) => {
    const position = document.getElementById("position");
    position.value = seconds;
    position.dispatchEvent(new Event("input"));
  }, seconds);
/** Processor time of all threads of the page, in seconds. */
const system = await browser.newBrowserCDPSession();
const processor = async () => {
  const { processInfo } = await system.send("SystemInfo.getProcessInfo");
  return processInfo.filter((it) => it.type === "renderer").reduce((sum, it) => sum + it.cpuTime, 0);
};
const loaded = () => page.waitForSelector("body[data-ready][data-demo][data-offline]", { state: "attached" });

async function drop(name, bytes) {
  await page.evaluate(
    ([name, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const carried = new DataTransfer();
      carried.items.add(new File([bytes], name));
      for (const kind of ["dragenter", "dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
      }
    },
    [name, Buffer.from(bytes).toString("base64")],
  );
}

async function saved(format) {
  await page.click("#export");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[data-format="${format}"]`)]);
  const bytes = await readFile(await download.path());
  await page.click("#exports .close");
  return { name: download.suggestedFilename(), bytes };
}

const rows = (lab) =>
  lab
    .trim()
    .split("\n")
    .map((line) => line.split("\t"))
    .map(([start, end, label]) => ({ start: Number(start), end: Number(end), label }));

/** The share of the time in which both have the same chord. */
function overlap(a, b) {
  let same = 0;
  for (const one of a) {
    for (const other of b) {
      const both = Math.min(one.end, other.end) - Math.max(one.start, other.start);
      if (both > 0 && one.label === other.label) same += both;
    }
  }
  return same / Math.max(a.at(-1).end, b.at(-1).end);
}

/** Four chords of two seconds each, 48 kHz, 16 bits. */
function wav() {
  const rate = 48_000;
  const chords = [
    [130.8, 261.6, 329.6, 392.0],
    [87.3, 261.6, 349.2, 440.0],
    [98.0, 246.9, 293.7, 392.0],
    [110.0, 261.6, 329.6, 440.0],
  ];
  const frames = 8 * rate;
  const file = Buffer.alloc(44 + 2 * frames);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + 2 * frames, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(rate, 24);
  file.writeUInt32LE(2 * rate, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(2 * frames, 40);
  for (let n = 0; n < frames; n++) {
    const t = n / rate;
    const fade = Math.min(1, 50 * (t % 2), 50 * (2 - (t % 2)));
    let sum = 0;
    for (const hz of chords[Math.floor(t / 2)]) {
      for (const overtone of [1, 2, 3]) sum += Math.sin(2 * Math.PI * hz * overtone * t) / overtone ** 2;
    }
    file.writeInt16LE(Math.round(3000 * fade * sum), 44 + 2 * n);
  }
  return file;
}

console.log("the page in Chromium", browser.version());
const command = rows(await readFile(LAB, "utf8"));
const demo = await readFile(DEMO);

await check("the page is there before the recognizer", async () => {
  await page.goto(PAGE);
  await loaded();
  const { paint, module } = await page.evaluate(() => ({
    paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    module: performance.getEntriesByType("resource").find((it) => it.name.endsWith(".wasm")).startTime,
  }));
  assert(module >= paint, `the recognizer is asked for at ${module} ms, the paint is at ${paint} ms`);
  await picture("welcome");
  return `first paint after ${paint.toFixed(0)} ms`;
});
const before = (await requests()).length;

await check("a song that is dropped has the chords of the command", async () => {
  const idle = await processor();
  await drop("town-theme.ogg", demo);
  await state("song");
  const used = (await processor()) - idle;
  const speed = await page.evaluate(() => document.body.dataset.speed);
  const { name, bytes } = await saved("lab");
  assert.equal(name, "town-theme.lab");
  const heard = rows(bytes.toString());
  const same = overlap(command, heard);
  assert(same >= SAME, `the same in ${same.toFixed(4)} of the time\n${bytes}`);
  const labels = (all) => all.map((it) => it.label).join(" ");
  const near = heard.every((it, n) => Math.abs(it.start - (command[n]?.start ?? 1e9)) <= FRAME_S);
  const exact = labels(heard) === labels(command) && near ? "same labels, times within a frame" : "nearly the same labels";
  return `${same.toFixed(4)} of the time, ${exact}; ${speed} × real time by the clock, ${(command.at(-1).end / used).toFixed(0)} × of one core's time`;
});

await check("the chord follows the place in the song", async () => {
  for (const share of [0.2, 0.45, 0.7, 0.9]) {
    const at = command.at(-1).end * share;
    await seek(at);
    const spoken = await page.getAttribute("#keyboard", "aria-label");
    const label = command.find((it) => it.start <= at && at < it.end).label;
    const root = label.match(/^[A-G]/)?.[0];
    if (root) assert(spoken.startsWith(root) || /[#b]/.test(label), `${spoken} at ${at}, where ${label} sounds`);
  }
  const bar = page.locator('.bar[data-bar="4"]');
  await bar.click({ position: { x: 3, y: 50 } });
  const start = Number(await bar.getAttribute("data-start"));
  assert(Math.abs((await time()) - start) < 0.05, "a click on a bar goes there");
  assert.equal(await bar.getAttribute("aria-current"), "true");
  await page.keyboard.press("ArrowRight");
  assert((await time()) > start);
  await page.keyboard.press("Home");
  assert.equal(await time(), 0);
});

await check("it plays, and says the chord at most once a second", async () => {
  await seek(14);
  await page.evaluate(() => {
    window.said = [];
    const live = document.getElementById("live");
    new MutationObserver(() => window.said.push([performance.now(), live.textContent])).observe(live, {
      childList: true,
      characterData: true,
      subtree: true,
    });
    document.activeElement.blur();
  });
  await page.keyboard.press(" ");
  await page.waitForFunction(() => document.getElementById("player").currentTime > 20);
  await page.keyboard.press(" ");
  const said = await page.evaluate(() => window.said);
  assert(said.length >= 2, `${said}`);
  for (let n = 1; n < said.length; n++) assert(said[n][0] - said[n - 1][0] > 990, `${said}`);
  assert(await page.evaluate(() => document.getElementById("player").paused));
});

await check("chords are transposed, simplified and written in other ways", async () => {
  await seek(16);
  const spoken = () => page.getAttribute("#keyboard", "aria-label");
  const [symbol, plain] = [await text("chord"), await spoken()];
  await page.click("#higher");
  await page.waitForFunction((was) => document.getElementById("keyboard").getAttribute("aria-label") !== was, plain);
  assert.match(await text("transposition"), /1 semitone up/);
  await page.keyboard.press("[");
  await page.waitForFunction((was) => document.getElementById("chord").textContent === was, symbol);
  await page.selectOption("#vocabulary", "majmin");
  await page.waitForFunction(() => [...document.querySelectorAll(".block .quality")].every((it) => it.textContent === "m"));
  await page.selectOption("#vocabulary", "inversions");
  await page.click("#settings");
  await page.selectOption("#style", "roman");
  await page.waitForFunction(() => /^[♭♯]?[iv]/i.test(document.getElementById("chord").textContent));
  await page.selectOption("#style", "jazz");
  await page.click("#options .close");
  await page.waitForFunction((was) => document.getElementById("chord").textContent === was, symbol);
});

await check("another reading is taken, and taken back", async () => {
  const symbol = await text("chord");
  const other = page.locator("#others button").first();
  const wanted = await other.locator(".symbol").textContent();
  await other.click();
  await page.waitForFunction((wanted) => document.getElementById("chord").textContent === wanted, wanted);
  await page.click("#undo");
  await page.waitForFunction((symbol) => document.getElementById("chord").textContent === symbol, symbol);
  assert(await page.isDisabled("#undo"));
});

await check("corrections are there when the file is opened again", async () => {
  const at = await time();
  const symbol = await text("chord");
  const wanted = await page.locator("#others .symbol").first().textContent();
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("1");
  await page.waitForFunction((wanted) => document.getElementById("chord").textContent === wanted, wanted);
  await drop("renamed.ogg", demo);
  await state("working");
  await state("song");
  await seek(at);
  await page.waitForFunction((wanted) => document.getElementById("chord").textContent === wanted, wanted);
  await page.keyboard.press("Control+z");
  await page.waitForFunction((symbol) => document.getElementById("chord").textContent === symbol, symbol);
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  await drop("town-theme.ogg", demo);
  await state("working");
  await state("song");
});

await check("every format is saved", async () => {
  const begins = { mid: "MThd", pdf: "%PDF-", svg: "<svg", musicxml: "<?xml", jams: "{", ireal: "<!DOCTYPE html" };
  const formats = await page.evaluate(async () => {
    document.getElementById("export").click();
    const all = [...document.querySelectorAll("[data-format]")].map((it) => it.dataset.format);
    document.querySelector("#exports .close").click();
    return all;
  });
  assert.equal(formats.length, 13);
  for (const format of formats) {
    const { name, bytes } = await saved(format);
    assert(bytes.length > 40, `${name} has ${bytes.length} bytes`);
    const begin = begins[format] ?? "";
    assert(bytes.toString("latin1").toLowerCase().startsWith(begin.toLowerCase()), `${name}: ${bytes.subarray(0, 60)}`);
  }
  return `${formats.length} formats`;
});

await check("everything has a name and is reached by Tab", async () => {
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll("button, input:not([hidden]), select, dialog, section")]
      .filter((it) => {
        const labelled = it.getAttribute("aria-labelledby");
        const label = it.getAttribute("aria-label") ?? (labelled && document.getElementById(labelled)?.textContent);
        return !(label || it.labels?.length || it.textContent.trim());
      })
      .map((it) => it.outerHTML),
  );
  assert.deepEqual(nameless, []);
  const reached = new Set();
  await page.evaluate(() => document.activeElement.blur());
  for (let n = 0; n < 40; n++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.className));
  }
  for (const id of ["open", "listen", "export", "settings", "position", "play", "higher", "vocabulary", "bar"]) {
    assert(reached.has(id) || [...reached].some((it) => it.startsWith(id)), `${id} is not reached: ${[...reached]}`);
  }
  await page.evaluate(() => document.activeElement.blur());
});

await check("pictures of a song, on a desk and on a phone", async () => {
  await page.evaluate(() => scrollTo(0, 0));
  await seek(22.4);
  await picture("dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.evaluate(() => dispatchEvent(new Event("resize")));
  await picture("light");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(300);
  await picture("phone-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.evaluate(() => dispatchEvent(new Event("resize")));
  await picture("phone");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert(!wide, "nothing reaches over the edge of a phone");
  await page.setViewportSize({ width: 1280, height: 860 });
  await page.click("#export");
  await picture("export");
  await page.click("#exports .close");
});

await check("what is no music is told, and the song stays", async () => {
  await drop("notes.txt", Buffer.from("nothing to hear"));
  await page.waitForSelector("#alert:not([hidden])");
  assert.match(await text("alert"), /notes\.txt/);
  await state("song");
  assert.equal(await text("sheet-title"), "town-theme");
});

await check("reading is cancelled", async () => {
  await drop("second.ogg", demo);
  await state("working");
  await page.waitForFunction(() => document.getElementById("progress").value > 0.1);
  await page.click("#cancel");
  await state("song");
  assert.equal(await text("sheet-title"), "town-theme");
  await page.selectOption("#vocabulary", "large");
  await page.selectOption("#vocabulary", "inversions");
});

await check("a song that is dropped on another's reading takes its place", async () => {
  await drop("first.ogg", demo);
  await state("working");
  await page.waitForFunction(() => document.getElementById("progress").value > 0.15);
  await drop("last.ogg", demo);
  await state("song");
  assert.equal(await text("sheet-title"), "last");
  assert.match(await text("status"), /Ready/);
});

await check("a long song is read, too", async () => {
  // More than the command keeps in memory.
  const minutes = 16;
  await page.evaluate((minutes) => {
    const rate = 8000;
    const frames = minutes * 60 * rate;
    const file = new DataView(new ArrayBuffer(44 + 2 * frames));
    const text = (at, letters) => [...letters].forEach((it, n) => file.setUint8(at + n, it.charCodeAt(0)));
    text(0, "RIFF");
    file.setUint32(4, 36 + 2 * frames, true);
    text(8, "WAVEfmt ");
    [[16, 16], [24, rate], [28, 2 * rate], [40, 2 * frames]].forEach(([at, value]) => file.setUint32(at, value, true));
    [[20, 1], [22, 1], [32, 2], [34, 16]].forEach(([at, value]) => file.setUint16(at, value, true));
    text(36, "data");
    for (let n = 0; n < frames; n++) {
      const hz = [[220, 262, 330], [175, 220, 262]][Math.floor(n / rate / 4) % 2];
      const sum = hz.reduce((sum, hz) => sum + Math.sin((2 * Math.PI * hz * n) / rate), 0);
      file.setInt16(44 + 2 * n, 4000 * sum, true);
    }
    const carried = new DataTransfer();
    carried.items.add(new File([file], "long.wav"));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
  }, minutes);
  await state("working");
  const idle = await processor();
  await page.waitForSelector('body[data-state="song"]', { timeout: 300_000 });
  const used = (await processor()) - idle;
  assert.equal(await text("sheet-title"), "long");
  assert.equal(await text("length"), `/ ${minutes}:00`);
  const speed = await page.evaluate(() => document.body.dataset.speed);
  return `${minutes} minutes at ${speed} × real time by the clock, ${((minutes * 60) / used).toFixed(0)} × of one core's time`;
});

await check("the microphone is heard", async () => {
  await page.click("#listen");
  await state("listening");
  const seen = new Set();
  for (let n = 0; n < 200 && seen.size < 3; n++) {
    seen.add(await page.evaluate(() => document.body.dataset.shown));
    await page.waitForTimeout(50);
  }
  seen.delete(undefined);
  await page.waitForFunction(() => document.querySelectorAll("#blocks .block:not(.provisional)").length >= 3);
  await picture("listening");
  await page.click("#listen");
  await state("song");
  assert.equal(await text("sheet-title"), "Recording");
  const { bytes } = await saved("lab");
  const heard = rows(bytes.toString()).map((it) => it.label);
  for (const wanted of ["C:maj", "F:maj", "G:maj", "A:min"]) {
    assert(heard.some((label) => label.startsWith(wanted)), `${wanted} is not in ${heard}`);
  }
  return `shown while it sounded: ${[...seen].join(", ")}; in the recording: ${[...new Set(heard)].join(" ")}`;
});

await check("nothing was asked for after loading", async () => {
  const after = await requests();
  assert.deepEqual(after.slice(before), []);
  return `${before} requests while it loaded, none since`;
});

await check("it loads and reads a song without a network", async () => {
  await context.setOffline(true);
  await page.reload();
  await loaded();
  await page.click("#demo");
  await state("song");
  const heard = rows((await saved("lab")).bytes.toString());
  assert(overlap(command, heard) >= SAME);
  await context.setOffline(false);
  assert.deepEqual((await requests()).slice(before), []);
});

await check("no errors, and nothing that its policy forbids", async () => {
  assert.deepEqual(faults, []);
});

await browser.close();
if (failed) console.log(`pictures of what failed: ${folder}`);
else await rm(folder, { recursive: true });
process.exitCode = failed ? 1 : 0;
