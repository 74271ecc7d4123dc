// Audio input: files through the browser's decoders, and the microphone.

/** The rate that files are decoded at: that of most music, so that most files stay as they are. */
const RATE = 44_100;
/** Samples per channel that go to the worker at once. */
const BLOCK = 1 << 17;

/** Decodes the bytes of a file. */
export async function decode(bytes, name) {
  const context = new OfflineAudioContext(1, 1, RATE);
  try {
    return await context.decodeAudioData(bytes);
  } catch {
    throw new Error(
      `This browser cannot read ${name} as audio. Most browsers read MP3, WAV, FLAC, Ogg, Opus and M4A; the command line reads more.`,
    );
  }
}

/** Sends decoded audio to the worker, block by block. */
export async function hand(engine, audio, progress) {
  await engine.ask("open", { rate: audio.sampleRate });
  const channels = audio.numberOfChannels;
  for (let from = 0; from < audio.length; from += BLOCK) {
    const frames = Math.min(BLOCK, audio.length - from);
    const planes = new Float32Array(channels * frames);
    for (let channel = 0; channel < channels; channel++) {
      const plane = planes.subarray(channel * frames, (channel + 1) * frames);
      audio.copyFromChannel(plane, channel, from);
    }
    await engine.ask("push", { planes, channels }, [planes.buffer]);
    progress((from + frames) / audio.length);
  }
}

/** The peak of each of `count` parts, for the overview. */
export function peaks(audio, count) {
  const samples = audio.getChannelData(0);
  const size = Math.max(1, Math.floor(samples.length / count));
  const step = Math.max(1, Math.floor(size / 400));
  const found = new Float32Array(count);
  for (let part = 0; part < count; part++) {
    let most = 0;
    const end = Math.min(samples.length, (part + 1) * size);
    for (let n = part * size; n < end; n += step) most = Math.max(most, Math.abs(samples[n]));
    found[part] = most;
  }
  // Normalized, so that a quiet song fills the overview too.
  const loudest = Math.max(...found, 1e-3);
  return found.map((peak) => peak / loudest);
}

/** The microphone, connected to the worker. */
export class Microphone {
  #context = null;
  #stream = null;

  /** Requests the microphone and starts. */
  async start(engine, options) {
    if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) {
      throw new Error("This browser does not allow pages like this to use the microphone.");
    }
    // Processing meant for speech would damage music.
    const plain = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
    } catch (error) {
      const why = error.name === "NotAllowedError" ? "Access was denied." : "None was found.";
      throw new Error(`No microphone. ${why}`);
    }
    try {
      this.#context = new AudioContext({ latencyHint: "interactive" });
      await this.#context.audioWorklet.addModule("microphone.js");
      const source = this.#context.createMediaStreamSource(this.#stream);
      const node = new AudioWorkletNode(this.#context, "microphone", { numberOfOutputs: 0 });
      const { port1, port2 } = new MessageChannel();
      await engine.ask("listen", { rate: this.#context.sampleRate, port: port2, options }, [port2]);
      node.port.postMessage({ line: port1 }, [port1]);
      source.connect(node);
      await this.#context.resume();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Releases the microphone. */
  async stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    await this.#context?.close();
    this.#context = null;
  }
}
