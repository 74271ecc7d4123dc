// The page's side of the worker.

/** What a question is answered with when the worker was stopped. */
export class Stopped extends Error {}

export class Engine {
  #module;
  #worker = null;
  #waiting = new Map();
  #next = 1;
  /** Called with what the microphone has changed. */
  onheard = () => {};
  /** The formats of exports, once started. */
  formats = [];

  constructor(module) {
    this.#module = module;
  }

  /** Starts the worker; resolves when the recognizer is there. */
  async start() {
    const worker = new Worker("worker.js", { type: "module" });
    this.#worker = worker;
    worker.onmessage = ({ data }) => this.#take(data);
    worker.onerror = (event) => this.#fail(new Error(event.message || "the worker cannot be loaded"));
    const { formats } = await this.ask("start", { module: this.#module });
    this.formats = formats;
  }

  /** Asks; `progress` is called with the share done. */
  ask(ask, values = {}, transfer = [], progress = null) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, progress });
      this.#worker.postMessage({ id, ask, ...values }, transfer);
    });
  }

  /** Ends what is going on, at once, and starts afresh. The track is kept by the page. */
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
    // What a fault leaves in its memory is not to be trusted.
    if (fatal) this.stop().catch(() => {});
  }

  #fail(error) {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}

/** Fetches the recognizer and compiles it while it comes. */
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
    throw new Error("This browser is too old for the recognizer: any since 2023 has what it needs (WebAssembly with vectors).");
  }
}
