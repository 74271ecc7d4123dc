// The audio thread of the microphone: mixes to mono and sends blocks straight to the worker.

/** Samples of a block: 43 ms at 48 kHz, about a frame of the recognizer. */
const BLOCK = 2048;

class Microphone extends AudioWorkletProcessor {
  #line = null;
  #block = new Float32Array(BLOCK);
  #filled = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      this.#line = data.line;
    };
  }

  process([channels]) {
    if (!this.#line || !channels.length) return true;
    const frames = channels[0].length;
    for (let n = 0; n < frames; n++) {
      let sum = 0;
      for (const channel of channels) sum += channel[n];
      this.#block[this.#filled++] = sum / channels.length;
      if (this.#filled === BLOCK) {
        this.#line.postMessage(this.#block, [this.#block.buffer]);
        this.#block = new Float32Array(BLOCK);
        this.#filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("microphone", Microphone);
