// The page in Debian's Firefox: its chords compared with the command's, transposing, correcting and
// saving, listening, and no requests once loaded.
//
// `cargo xtask web-check --firefox` sets the variables and runs it. Firefox is driven by WebDriver
// BiDi, by an older playwright: 1.65 needs commands that Firefox ESR 153 lacks. It does not report
// downloads, so saved files are intercepted in the page.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { firefox } from "playwright-firefox-esr";

const env = (name) => process.env[`CHANGES_${name}`] ?? assert.fail(`CHANGES_${name} is not set`);
const [PAGE, REQUESTS, BROWSER, LAB] = ["PAGE", "REQUESTS", "BROWSER", "LAB"].map(env);
const [DEMO, PICTURES] = ["DEMO", "PICTURES"].map(env);

/** The browser's decoders and resamplers differ from ours: the least share of equal time. */
const SAME = 0.98;

const browser = await firefox.launch({
  channel: "moz-firefox",
  executablePath: BROWSER,
  firefoxUserPrefs: {
    // A fake microphone without a prompt, with a tone of 1 kHz.
    "media.navigator.permission.disabled": true,
    "media.navigator.streams.fake": true,
    "media.autoplay.default": 0,
  },
});
const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
const page = await context.newPage();
page.setDefaultTimeout(120_000);
const faults = [];
page.on("pageerror", (error) => faults.push(String(error)));

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
  }
}

const requests = async () => {
  const own = ["/service-worker.js", "/kept.js"];
  return (await readFile(REQUESTS, "utf8")).split("\n").filter((path) => path && !own.includes(path));
};
const state = (name) => page.waitForSelector(`body[data-state="${name}"]`);
const chord = () => page.textContent("#chord");
const shows = (symbol) =>
  page.waitForFunction((symbol) => document.getElementById("chord").textContent === symbol, symbol);
const seek = (seconds) =>
  page.evaluate((seconds) => {
    const position = document.getElementById("position");
    position.value = seconds;
    position.dispatchEvent(new Event("input"));
  }, seconds);

/** What a click on a format saves, as Latin-1. */
async function saved(format) {
  await page.evaluate(() => {
    window.handed ??= URL.createObjectURL.bind(URL);
    window.kept = undefined;
    URL.createObjectURL = (blob) => {
      window.kept = blob;
      return window.handed(blob);
    };
  });
  await page.click("#export");
  await page.click(`[data-format="${format}"]`);
  await page.waitForFunction(() => window.kept !== undefined);
  const bytes = await page.evaluate(async () => [...new Uint8Array(await window.kept.arrayBuffer())]);
  await page.click("#exports .close");
  return Buffer.from(bytes).toString("latin1");
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

console.log("the page in Firefox", browser.version());
const command = rows(await readFile(LAB, "utf8"));
const demo = await readFile(DEMO);

await check("the page loads", async () => {
  await page.goto(PAGE);
  await page.waitForSelector("body[data-ready][data-demo][data-offline]", { state: "attached" });
});
const before = (await requests()).length;

await check("a song that is dropped has the chords of the command", async () => {
  await page.evaluate((base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const carried = new DataTransfer();
    carried.items.add(new File([bytes], "town-theme.ogg"));
    for (const kind of ["dragenter", "dragover", "drop"]) {
      document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, bubbles: true, cancelable: true }));
    }
  }, demo.toString("base64"));
  await state("song");
  const heard = rows(await saved("lab"));
  const same = overlap(command, heard);
  assert(same >= SAME, `the same in ${same.toFixed(4)} of the time: ${JSON.stringify(heard)}`);
  const speed = await page.evaluate(() => document.body.dataset.speed);
  return `${same.toFixed(4)} of the time; ${speed} × real time by the clock`;
});

await check("it plays", async () => {
  await seek(14);
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press(" ");
  await page.waitForFunction(() => document.getElementById("player").currentTime > 15);
  await page.keyboard.press(" ");
  await page.waitForFunction(() => document.getElementById("player").paused);
});

await check("chords are transposed, and another reading is taken and taken back", async () => {
  await seek(16);
  const symbol = await chord();
  await page.click("#higher");
  await page.waitForFunction((was) => document.getElementById("chord").textContent !== was, symbol);
  await page.keyboard.press("[");
  await shows(symbol);
  const other = page.locator("#others button").first();
  const wanted = await other.locator(".symbol").textContent();
  await other.click();
  await shows(wanted);
  await page.click("#undo");
  await shows(symbol);
});

await check("every format is saved", async () => {
  const begins = { mid: "MThd", pdf: "%PDF-", svg: "<svg", musicxml: "<?xml", jams: "{", ireal: "<!doctype html" };
  const formats = await page.evaluate(() => [...document.querySelectorAll("[data-format]")].map((it) => it.dataset.format));
  assert.equal(formats.length, 13);
  for (const format of formats) {
    const bytes = await saved(format);
    assert(bytes.length > 40, `${format} has ${bytes.length} bytes`);
    assert(bytes.toLowerCase().startsWith((begins[format] ?? "").toLowerCase()), `${format}: ${bytes.slice(0, 60)}`);
  }
  return `${formats.length} formats`;
});

await check("a picture", async () => {
  await seek(22.4);
  await page.screenshot({ path: join(PICTURES, "web-firefox.png") });
  // playwright takes pictures with its own style, which the page's policy forbids.
  const forbidden = faults.filter((it) => it.includes("inline style"));
  for (const fault of forbidden) faults.splice(faults.indexOf(fault), 1);
});

await check("the microphone is heard", async () => {
  // Without a sound device, Firefox starts no audio at all.
  const sounds = await page.evaluate(() => {
    const late = new Promise((resolve) => setTimeout(resolve, 5000, false));
    return Promise.race([new AudioContext().resume().then(() => true), late]);
  });
  if (!sounds) return "NOT CHECKED: Firefox starts no audio on a machine without a sound card";
  await page.click("#listen");
  await state("listening");
  await page.waitForTimeout(5000);
  await page.click("#listen");
  await state("song");
  assert.equal(await page.textContent("#sheet-title"), "Recording");
});

await check("nothing was asked for after loading", async () => {
  const after = await requests();
  assert.deepEqual(after.slice(before), []);
  return `${before} requests while it loaded, none since`;
});

await check("no errors", async () => {
  assert.deepEqual(faults, []);
});

await browser.close();
process.exitCode = failed ? 1 : 0;
