import {
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  create,
  fromBinary,
  toBinary,
} from '@bufbuild/protobuf';

/** What a gRPC-Web answer says: its messages, and the trailers of its body or, of an answer without one, of its head. */
export interface WebAnswer<Desc extends DescMessage> {
  readonly messages: readonly MessageShape<Desc>[];
  readonly trailers: Headers;
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md: a flag, a length and the message. */
export function frameOf<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Buffer<ArrayBuffer> {
  const message = toBinary(schema, create(schema, init));
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

export function answerOf<Desc extends DescMessage>(schema: Desc, body: Buffer, head: Headers): WebAnswer<Desc> {
  const messages: MessageShape<Desc>[] = [];
  let trailers = head;
  for (let at = 0; at + 5 <= body.length;) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    const content = body.subarray(at + 5, end);
    if (((body[at] ?? 0) & 0x80) === 0) messages.push(fromBinary(schema, content));
    else
      trailers = new Headers(
        content
          .toString('latin1')
          .trim()
          .split('\r\n')
          .map((line): [string, string] => [
            line.slice(0, line.indexOf(':')),
            line.slice(line.indexOf(':') + 1).trim(),
          ]),
      );
    at = end;
  }
  return { messages, trailers };
}

/** grpc-web-text: base64, in pieces that may each end with padding. */
export function bytesOfText(text: string): Buffer {
  return Buffer.concat(Array.from(text.matchAll(/[A-Za-z0-9+/]+={0,2}/g), ([piece]) => Buffer.from(piece, 'base64')));
}
