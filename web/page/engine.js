// The page's interface to the worker.

/** The error of a request when the worker was stopped. */
export class Stopped extends Error {}

export class Engine {
  #module;
  #worker = null;
  #waiting = new Map();
  #next = 1;
  /** Called with the changes by the microphone. */
  onheard = () => {};
  /** The export formats, once started. */
  formats = [];

  constructor(module) {
    this.#module = module;
  }

  /** Starts the worker; resolves when the recognizer is ready. */
  async start() {
    const worker = new Worker("worker.js", { type: "module" });
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#take(data);
    worker.onerror = (event) => this.#fail(new Error(event.message || "the worker cannot be loaded"));
    const { formats } = await this.ask("start", { module: this.#module });
    this.formats = formats;
  }

  /** Sends a request; `progress` is called with the share done. */
  ask(ask, values = {}, transfer = [], progress = null) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, progress });
      this.#worker.postMessage({ id, ask, ...values }, transfer);
    });
  }

  /** Stops the current work at once and restarts the worker. The page keeps the track. */
  stop() {
    this.#worker.terminate();
    this.#fail(new Stopped("stopped"));
    return this.start();
  }

  #take({ id, answer, error, fatal, progress, heard }) {
    if (heard) return this.onheard(heard);
    const question = this.#waiting.get(id);
    if (!question) return;
    if (progress !== undefined) return question.progress?.(progress);
    this.#waiting.delete(id);
    if (error === undefined) return question.resolve(answer);
    question.reject(new Error(fatal ? `the recognizer has failed (${error})` : error));
    // After a failure its memory cannot be trusted.
    if (fatal) this.stop().catch(() => {});
  }

  #fail(error) {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

/** Fetches the recognizer and compiles it while it downloads. */
export async function compiled() {
  const answer = await fetch("changes_web_bg.wasm");
  if (!answer.ok) throw new Error(`the recognizer cannot be loaded (${answer.status})`);
  try {
    if (WebAssembly.compileStreaming && answer.headers.get("content-type") === "application/wasm") {
      return await WebAssembly.compileStreaming(answer);
    }
    return await WebAssembly.compile(await answer.arrayBuffer());
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    throw new Error("This browser is too old for the recognizer: use one from 2023 or later (WebAssembly with SIMD).");
  }
}
