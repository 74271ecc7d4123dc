// The recognizer, in a web worker. Answers each message `{id, ask, ...}` with
// `{id, answer}` or `{id, error}`, and before that with `{id, progress}`.
import init, { Listener, Song, edit, file, file_name, formats, view } from "./changes_web.js";

let ready;
let song = null;
let listener = null;
let settings = "{}";
// Samples come from the microphone's thread on a separate port, bypassing the page.
let line = null;

const asks = {
  start: ({ module }) => {
    ready = init({ module_or_path: module });
    return ready.then(() => ({ formats: JSON.parse(formats()) }));
  },
  open: ({ rate }) => {
    song?.free();
    song = new Song(rate);
  },
  push: ({ planes, channels }) => song.push(planes, channels),
  transcribe: ({ title }, progress) => JSON.parse(song.transcribe(title, progress)),
  wav: () => {
    const bytes = song.wav();
    return { bytes, transfer: [bytes.buffer] };
  },
  view: ({ track, options }) => JSON.parse(view(track, JSON.stringify(options))),
  edit: ({ track, command }) => edit(track, JSON.stringify(command)),
  file: ({ track, options, format }) => {
    const bytes = file(track, JSON.stringify(options), format);
    return { bytes, transfer: [bytes.buffer] };
  },
  fileName: ({ title }) => file_name(title),
  listen: ({ rate, port, options }) => {
    listener?.free();
    listener = new Listener(rate);
    settings = JSON.stringify(options);
    line = port;
    line.onmessage = ({ data }) => hear(data);
  },
  show: ({ options }) => {
    settings = JSON.stringify(options);
  },
  hush: () => {
    line?.close();
    line = null;
    song?.free();
    song = listener.into_song();
    listener = null;
  },
};

/** Takes a block of the microphone and sends the changes to the page. */
function hear(samples) {
  if (!listener) return;
  try {
    const heard = JSON.parse(listener.push(samples, settings));
    if (heard.track) heard.view = JSON.parse(view(heard.track, settings));
    postMessage({ heard });
  } catch (error) {
    line?.close();
    line = null;
    postMessage({ heard: { error: String(error.message ?? error) } });
  }
}

let last = 0;

self.onmessage = async ({ data }) => {
  const { id, ask } = data;
  // Not more often than a progress bar can be drawn.
  const progress = (share) => {
    const now = performance.now();
    if (now - last > 50) {
      last = now;
      postMessage({ id, progress: share });
    }
  };
  try {
    if (ask !== "start") await ready;
    const answer = await asks[ask](data, progress);
    postMessage({ id, answer }, answer?.transfer ?? []);
  } catch (error) {
    postMessage({ id, error: String(error.message ?? error), fatal: error instanceof WebAssembly.RuntimeError });
  }
};
