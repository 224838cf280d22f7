import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

/** What the first chat knows of a message. */
interface FirstMessage {
  readonly from: string;
  readonly msg: string;
  readonly time: string;
}

interface Ending {
  readonly status: string;
  readonly message: string;
}

/**
 * A page of the first chat: grpc-web text by fetch, with the fields it always had. New is the token in its metadata.
 */
class FirstChatPage {
  /** What came, by stream. */
  readonly streams: FirstMessage[][] = [];
  liveStreams = 0;
  edge = '';
  token = '';

  join(name: string): Promise<Ending> {
    return this.call('join', textsOf({ 2: name }));
  }

  send(from: string, msg: string): Promise<Ending> {
    return this.call('sendMsg', textsOf({ 1: from, 2: msg, 3: new Date().toLocaleTimeString() }));
  }

  /** Sends its name, though the contract says Empty. */
  receive(name: string): void {
    const messages: FirstMessage[] = [];
    this.streams.push(messages);
    void this.call(
      'receiveMsg',
      textsOf({ 1: name }),
      (message) => messages.push(messageOf(message)),
      () => (this.liveStreams += 1),
    );
  }

  async userNames(): Promise<string[]> {
    const names: string[] = [];
    await this.call('getAllUsers', new Uint8Array(), (list) => {
      const reader = new BinaryReader(list);
      while (reader.pos < reader.len) {
        reader.tag();
        names.push(textFields(reader.bytes()).get(2) ?? '');
      }
    });
    return names;
  }

  /** Answers how the call ended; `head` is called when its headers are there. */
  private async call(
    method: string,
    message: Uint8Array,
    each: (message: Uint8Array) => void = () => undefined,
    head: () => void = () => undefined,
  ): Promise<Ending> {
    const frame = new Uint8Array(5 + message.length);
    new DataView(frame.buffer).setUint32(1, message.length);
    frame.set(message, 5);
    const { headers, body } = await fetch(`${this.edge}/ChatService/${method}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/grpc-web-text',
        accept: 'application/grpc-web-text',
        'x-grpc-web': '1',
        ...(this.token !== '' && { authorization: `Bearer ${this.token}` }),
      },
      body: btoa(String.fromCharCode(...frame)),
    });
    head();
    let ending = headers;
    if (body !== null) {
      for await (const { isTrailers, content } of framesOf(body)) {
        if (isTrailers) ending = trailersOf(content);
        else each(content);
      }
    }
    return {
      status: ending.get('grpc-status') ?? '',
      message: decodeURIComponent(ending.get('grpc-message') ?? ''),
    };
  }
}

/** Base64 comes in pieces that may each end with padding, and not where a frame ends. */
async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<{
  isTrailers: boolean;
  content: Uint8Array;
}> {
  const reader = body.pipeThrough(new TransformStream(asText())).getReader();
  let text = '';
  let bytes: number[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    text += next.value;
    for (; text.length >= 4; text = text.slice(4)) {
      bytes.push(...Array.from(atob(text.slice(0, 4)), (character) => character.charCodeAt(0)));
    }
    for (;;) {
      const held = Uint8Array.from(bytes);
      if (held.length < 5) break;
      const end = 5 + new DataView(held.buffer).getUint32(1);
      if (held.length < end) break;
      yield { isTrailers: ((held[0] ?? 0) & 0x80) !== 0, content: held.subarray(5, end) };
      bytes = bytes.slice(end);
    }
  }
}

function asText(): Transformer<Uint8Array, string> {
  const decoder = new TextDecoder();
  return { transform: (chunk, controller) => controller.enqueue(decoder.decode(chunk, { stream: true })) };
}

function trailersOf(content: Uint8Array): Headers {
  const lines = new TextDecoder().decode(content).trim().split('\r\n');
  return new Headers(
    lines.map((line): [string, string] => [line.split(':', 1)[0] ?? '', line.slice(line.indexOf(':') + 1).trim()]),
  );
}

function textsOf(fields: Readonly<Record<number, string>>): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, text] of Object.entries(fields)) {
    writer.uint32((Number(number) << 3) | 2).string(text);
  }
  return writer.finish();
}

/** Fields it does not know are passed over. */
function textFields(message: Uint8Array): Map<number, string> {
  const reader = new BinaryReader(message);
  const texts = new Map<number, string>();
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number <= 3) texts.set(number, reader.string());
    else reader.skip(wireType, number);
  }
  return texts;
}

function messageOf(message: Uint8Array): FirstMessage {
  const texts = textFields(message);
  return { from: texts.get(1) ?? '', msg: texts.get(2) ?? '', time: texts.get(3) ?? '' };
}

declare global {
  interface Window {
    firstChat: FirstChatPage;
  }
}

window.firstChat = new FirstChatPage();
